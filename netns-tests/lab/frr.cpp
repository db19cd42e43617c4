#include "netns-tests/lab/frr.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "netns-tests/lab/janitor.hpp"
#include "netns-tests/lab/wait.hpp"

namespace lab {

Frr::Frr(Host& host, std::string daemon, std::string_view configuration) : host_(host), daemon_(std::move(daemon)) {
    // FRR's daemons leave root; their files must let them.
    std::filesystem::create_directories(file(""));
    std::filesystem::permissions(directory(), std::filesystem::perms::all);
    std::filesystem::permissions(file(""), std::filesystem::perms::all);
    std::ofstream(file("zebra.conf")) << "! nothing\n";
    std::ofstream(file(daemon_ + ".conf")) << configuration;
}

std::string Frr::file(std::string_view name) const {
    return fmt::format("{}/{}.frr/{}", directory(), host_.name(), name);
}

void Frr::start(const Arguments& more) {
    const auto launch = [&](const std::string& name, const Arguments& own) {
        Arguments words{"/usr/lib/frr/" + name,
                        "-f",
                        file(name + ".conf"),
                        "-i",
                        file(name + ".pid"),
                        "-A",
                        "127.0.0.1",
                        "-P",
                        "0",
                        "--log",
                        "stdout",
                        "--vty_socket",
                        file(""),
                        "-z",
                        file("zserv.api")};
        words.insert(words.end(), own.begin(), own.end());
        return Process(words, host_.netns().fd(), file(name + ".log"));
    };
    zebra_ = launch("zebra", {});
    if (!wait_until([this] { return std::filesystem::exists(file("zserv.api")); })) give_up("zebra did not start");
    process_ = launch(daemon_, more);
}

std::string Frr::log() const { return content_of(file(daemon_ + ".log")); }

}  // namespace lab
