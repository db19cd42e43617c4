// The engine as a child process: forked, stripped of everything it must not have, told what to run.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "vrrpd/engine/run.hpp"

namespace vrrpd::supervisor {

// engine::run in production; tests pass engines that hang, crash or refuse.
using EngineMain = std::function<int(engine::EngineOptions)>;

struct EngineStart {
    EngineMain main;
    int state = -1;          // the SharedState's memfd
    int configuration = -1;  // sealed lines
    std::string id;
    bool observe = false, adopt = false, detail = false, stand_by = false;
    std::function<void(ipc::Channel&)> greet;  // what it finds in the channel when it begins
    bool watch_addresses = false;              // -a
    bool keep_stderr = false;                  // in the foreground: where a failed ASSERT is read
};

struct EngineProcess {
    pid_t pid = -1;
    ipc::Channel channel;
};

[[nodiscard]] Result<EngineProcess> start_engine(const EngineStart& start);

}  // namespace vrrpd::supervisor
