// Runs a classic BPF program as the kernel would (Documentation/networking/filter.rst): only the instructions that
// the engine's filters use; any other fails the test.
#pragma once

#include <gtest/gtest.h>
#include <linux/filter.h>

#include <cstdint>
#include <optional>

#include "vrrpd/base/bytes.hpp"

namespace vrrpd::engine::test {

class Bpf {
public:
    explicit Bpf(BytesView packet) : packet_(packet) {}

    // How many octets of the packet pass; 0: dropped.
    std::uint32_t run(const std::vector<sock_filter>& program) {
        for (std::size_t at = 0; at < program.size(); ++at) {
            const auto& op = program[at];
            if (op.code == (BPF_RET | BPF_K)) return op.k;
            if (BPF_CLASS(op.code) == BPF_JMP)
                at += holds(op) ? op.jt : op.jf;
            else if (!load(op))
                return 0;  // a load beyond the packet drops it
        }
        ADD_FAILURE() << "the program runs over its end";
        return 0;
    }

private:
    bool holds(const sock_filter& op) const {
        switch (BPF_OP(op.code)) {
            case BPF_JEQ:
                return a_ == op.k;
            case BPF_JGT:
                return a_ > op.k;
            case BPF_JGE:
                return a_ >= op.k;
            case BPF_JSET:
                return (a_ & op.k) != 0;
            default:
                ADD_FAILURE() << "unknown jump " << op.code;
                return false;
        }
    }

    bool load(const sock_filter& op) {
        if (op.code == (BPF_LDX | BPF_B | BPF_MSH)) {
            const auto octet = word(op.k, 1);
            if (octet) x_ = (*octet & 0x0f) * 4;
            return octet.has_value();
        }
        const bool indexed = BPF_MODE(op.code) == BPF_IND;
        if (BPF_CLASS(op.code) != BPF_LD || (!indexed && BPF_MODE(op.code) != BPF_ABS)) {
            ADD_FAILURE() << "unknown load " << op.code;
            return false;
        }
        const std::size_t size = BPF_SIZE(op.code) == BPF_W ? 4 : BPF_SIZE(op.code) == BPF_H ? 2 : 1;
        const auto value = word(op.k + (indexed ? x_ : 0), size);
        if (value) a_ = *value;
        return value.has_value();
    }

    std::optional<std::uint32_t> word(std::size_t at, std::size_t size) const {
        if (at + size > packet_.size()) return std::nullopt;
        std::uint32_t value = 0;
        for (const auto octet : packet_.subspan(at, size)) value = value << 8 | octet;
        return value;
    }

    BytesView packet_;
    std::uint32_t a_ = 0, x_ = 0;
};

}  // namespace vrrpd::engine::test
