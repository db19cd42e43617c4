// Real people's configurations (material under VRRPD_SHARED_DIR), what keepalived 2.2.7's -t said of each in a sandbox
// without their scripts, users and name servers, and what we say.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::config::corpus {

struct Message {
    unsigned line = 0;  // 0: it names none
    std::string text;
};

// Of one run.
struct Oracle {
    int exit = 0;
    bool ran_scripts = false;          // it found scripts that it would run, and said so: class 6
    std::vector<Message> messages;     // each once
    std::vector<Message> of_the_text;  // those that are not about the sandbox
};

struct Trial {
    std::string number;  // of the file
    std::string id;      // -i; without one the sandbox's host name, which no file names
    Oracle oracle;

    [[nodiscard]] std::string path() const;
};

// False: the material is not there.
[[nodiscard]] bool is_there();
void for_each_run(const std::function<void(const Trial&)>& see);

// Whether a script exists is not for a parser to know: where keepalived found one, the supervisor says what it says.
[[nodiscard]] std::vector<Fault> our_faults(const Trial& run);

}  // namespace vrrpd::config::corpus
