// Who wrote what, and what of it somebody knows. A stamp names one write for ever: the term in which it was made, the
// node that made it, and its number there. Stamps are ordered, never by a wall clock. For the replicated table.
//
// A node takes a new term each time it becomes Active, and again after a crash, so (term, node) is written by one
// process only, in order: "all up to a number" says everything that can be known of it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>

namespace dhcpsync {

// Of a member of the peer link; the same number for it on every host.
struct NodeId {
    std::uint32_t value = 0;

    auto operator<=>(const NodeId&) const = default;
};

struct Term {
    std::uint64_t value = 0;  // 0: none was ever taken

    [[nodiscard]] Term next() const { return {value + 1}; }
    auto operator<=>(const Term&) const = default;
};

struct Sequence {
    std::uint64_t value = 0;  // the first write has 1

    auto operator<=>(const Sequence&) const = default;
};

struct Author {
    Term term;
    NodeId node;

    auto operator<=>(const Author&) const = default;
};

struct Stamp {
    Author author;
    Sequence sequence;

    auto operator<=>(const Stamp&) const = default;
};

// Of each author the writes up to a number. Bounded: beyond most_authors the oldest authors count as known altogether.
class Knowledge {
public:
    static constexpr std::size_t most_authors = 256;

    [[nodiscard]] bool knows(const Stamp& stamp) const;
    [[nodiscard]] bool covers(const Knowledge& other) const;

    void learn(const Author& author, Sequence up_to);
    void forget_below(const Author& floor);  // that author and all older ones are known altogether
    void merge(const Knowledge& other);

    // What is known here and not there; merged there, that covers this.
    [[nodiscard]] Knowledge beyond(const Knowledge& there) const;

    [[nodiscard]] const std::map<Author, Sequence>& authors() const { return authors_; }
    [[nodiscard]] const Author& floor() const { return floor_; }
    [[nodiscard]] Term newest_term() const;

    bool operator==(const Knowledge&) const = default;

private:
    Author floor_;  // no author is so old: term 0
    std::map<Author, Sequence> authors_;
};

}  // namespace dhcpsync
