// dnsmasq's lease file, or what stands in its place.
#include "dhcpsync/core/lease_text.hpp"

#include <string>

#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

namespace {

using dhcpsync::ExpiryField;

// Every lease is one that may be passed on, and written down it is the same.
void read(std::string_view text, const dhcpsync::LeaseFormat& format) {
    const auto got = dhcpsync::read_leases(text, format);
    std::size_t left_out = 0;
    for (const auto& [address, lease] : got.book.leases) {
        ASSERT(address == lease.address && well_formed(lease));
        if (address.is_v6() && got.book.server_duid.empty()) ++left_out;
    }
    std::size_t faults = 0;
    for (const auto count : got.faults.counts) faults += count;
    ASSERT(faults == got.faults.total() && got.faults.named.size() <= dhcpsync::TextFaults::most_named);
    // As a time that lasts every one can be written, also that of long ago.
    const dhcpsync::LeaseFormat lasting{ExpiryField::until, {}};
    const auto written = dhcpsync::write_leases(got.book, lasting);
    const auto again = dhcpsync::read_leases(written.text, lasting);
    ASSERT(again.faults.total() == 0);
    ASSERT(again.book.leases.size() + written.left_out == got.book.leases.size());
    ASSERT(written.left_out == left_out);
    if (left_out == 0) ASSERT(again.book == got.book);
}

}  // namespace

int lease_text::one_input(Input input) {
    const std::string text(input.begin(), input.end());
    read(text, {ExpiryField::until, {}});
    read(text, {ExpiryField::length, dhcpsync::WallTime(std::chrono::seconds(1'700'000'000))});
    return 0;
}

}  // namespace vrrpd::fuzz
