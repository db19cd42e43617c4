// vrrpctl's command line. Pure: words in, a value out. For main.cpp.
#pragma once

#include <string>
#include <vector>

namespace vrrpd::ctl {

enum class Command { help, version, keygen, status };

struct Arguments {
    Command command = Command::help;
    std::string file;  // keygen
    bool json = false;
    std::string runtime_dir = "/run/vrrpd";
};

// Empty `error`: the arguments hold. Else what is wrong, and what to write instead.
struct CommandLine {
    Arguments arguments;
    std::string error;
};

// `words`: argv without its first.
[[nodiscard]] CommandLine parse_arguments(const std::vector<std::string>& words);
[[nodiscard]] std::string help_text();

}  // namespace vrrpd::ctl
