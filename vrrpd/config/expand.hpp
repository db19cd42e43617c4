// Definitions and sequences: `$NAME=`, `${NAME}`, the predefined names, ~SEQ and ~LST. For
// load.cpp. Pure: the environment is asked through FileSource.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/config/text.hpp"

namespace vrrpd::config {

// What a file may cost: however it is written (a sequence of a billion, definitions that double each
// other), reading it ends at once with an error.
class Budget {
public:
    [[nodiscard]] bool spend(std::size_t amount) {
        left_ = amount > left_ ? 0 : left_ - amount;
        return left_ > 0;
    }
    [[nodiscard]] bool exhausted() const { return left_ == 0; }

private:
    std::size_t left_ = std::size_t{64} << 20;  // characters read and made
};

// The one or several lines that a name stands for.
using Definition = std::vector<std::string>;

struct Sequence {
    std::vector<std::string> names;                // one, or a tuple
    std::vector<std::vector<std::string>> values;  // of each repetition, one per name
    Text rest;                                     // the line without the sequence
};

class Definitions {
public:
    Definitions(std::string id, FileSource& files);

    void define(const std::string& name, Definition value) { values_[name] = std::move(value); }
    // For the time of a sequence: the former value comes back with restore().
    [[nodiscard]] std::optional<Definition> replace(const std::string& name, std::string value);
    void restore(const std::string& name, std::optional<Definition> former);
    void set_directory(std::string directory) { directory_ = std::move(directory); }
    void seed(std::uint64_t value) { random_ = value; }

    struct Expanded {
        Text line;
        std::vector<std::string> more;  // the further lines of a definition that ends the line
        bool again = false;             // a sequence came out of a definition: the line is to be read again
        std::string problem;            // empty: none
        unsigned column = 0;            // of the problem
        bool stopped = false;           // by it: the rest of the line is lost
    };
    [[nodiscard]] Expanded expand(const Text& line, Budget& budget);

    // The first ~SEQ or ~LST of the line. nullopt: none. A problem is said in `problem`.
    [[nodiscard]] std::optional<Sequence> sequence(const Text& line, Budget& budget, std::string& problem);

private:
    struct Reference {
        std::string name;  // with its arguments, for _RANDOM and _ENV
        std::size_t length = 0;
        bool braced = false;
    };
    [[nodiscard]] static std::optional<Reference> reference(std::string_view text, std::size_t at);
    [[nodiscard]] std::optional<Definition> value_of(const std::string& name);
    [[nodiscard]] std::string random(std::string_view arguments);
    void expand_value(const Text& value, Expanded& out, Budget& budget, unsigned depth);
    void expand_into(const Text& line, Expanded& out, Budget& budget, unsigned depth);

    std::string id_;
    std::string directory_ = ".";
    FileSource& files_;
    std::map<std::string, Definition> values_;
    std::uint64_t random_;
};

}  // namespace vrrpd::config
