// One transaction under construction: messages that the kernel applies together or not at all. For Tables.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netlink/nft/encode.hpp"

struct nlmsghdr;

namespace netlink::nft {

class Batch {
public:
    // With a generation the kernel refuses the batch (ERESTART) if the rules changed since it was read.
    explicit Batch(std::optional<std::uint32_t> generation = std::nullopt);

    void add_table(const TableId& table);
    void remove_table(const TableId& table);
    void add_chain(const TableId& table, const Chain& chain);
    void add_plain_chain(const TableId& table, const std::string& chain);
    void flush_chain(const TableId& table, const std::string& chain);
    void remove_chain(const TableId& table, const std::string& chain);
    void add_rule(const TableId& table, const std::string& chain, const Rule& rule);
    void add_set(const TableId& table, const Set& set);
    void flush_set(const TableId& table, const std::string& set);
    void remove_set(const TableId& table, const std::string& set);
    void add_elements(const TableId& table, const Set& set);
    void add_timed(const TableId& table, const std::string& set, const Bytes& key, std::chrono::milliseconds lifetime);

    [[nodiscard]] bool empty() const { return what_.size() == 1; }
    // The batch as bytes to send in one piece. Nothing can be added afterwards.
    [[nodiscard]] std::span<const std::uint8_t> finish();
    // What the message with this sequence number was to do.
    [[nodiscard]] std::string describe(std::uint32_t sequence) const;
    // The sequence number that the next message will get.
    [[nodiscard]] std::uint32_t next_sequence() const { return static_cast<std::uint32_t>(what_.size()); }

private:
    struct Kind {
        std::uint16_t type, flags, family;
    };
    void append(Kind kind, std::string what, const std::function<void(nlmsghdr*)>& body);
    void chain_message(Kind kind, const std::string& what, const TableId& table, const std::string& chain);
    void set_message(Kind kind, const std::string& what, const TableId& table, const std::string& set);
    void some_elements(const TableId& table, const Set& set, std::span<const Element> elements);

    std::vector<std::uint8_t> bytes_;
    std::vector<std::string> what_;  // by sequence number
    std::uint32_t sets_ = 0;
};

}  // namespace netlink::nft
