#include "vrrpd/engine/run.hpp"

#include <malloc.h>

#include <cerrno>
#include <utility>

#include "vrrpd/engine/engine.hpp"
#include "vrrpd/engine/received_config.hpp"

namespace vrrpd::engine {

namespace {

constexpr int exit_failed = 1, exit_no_permission = 4;

}  // namespace

int run(EngineOptions options) {
    ipc::ChannelLog log(options.channel);
    if (options.detail) log.set_threshold(LogLevel::debug);
    // One heap for both threads: a second one costs pages for nothing at this size.
    ::mallopt(M_ARENA_MAX, 1);
    auto config = received_config(options.configuration.get(), options.id);
    if (!config) {
        log.error("the engine could not read its configuration");
        return exit_failed;
    }
    auto engine = Engine::open(options, log);
    if (!engine) {
        log.error("{}", engine.error().describe());
        return engine.error().code == EPERM ? exit_no_permission : exit_failed;
    }
    (*engine)->run(std::move(*config));
    return 0;
}

}  // namespace vrrpd::engine
