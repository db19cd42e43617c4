// What comes back from a forwarder, or from whoever answers in its place. Its first two octets are taken for the id, so
// that more than one in 65,536 is read on.
#include "dnsfailover/core/probe.hpp"
#include "tests/fuzz/targets.hpp"
#include "vrrpd/base/assert.hpp"

namespace vrrpd::fuzz {

namespace {

using dnsfailover::Kind;
using dnsfailover::Transport;

dnsfailover::Plan plan() {
    auto plan = dnsfailover::Plan{};
    plan.canaries = {{dnsfailover::Name::parse("a.example").value(), IpAddress::v4(10, 0, 0, 1)},
                     {dnsfailover::Name::parse("a.example").value(), {}, dnsfailover::RecordType::aaaa}};
    return plan;
}

}  // namespace

int dns_answer::one_input(Input input) {
    static const auto asked = plan();
    const auto id = input.size() < 2 ? std::uint16_t{7} : static_cast<std::uint16_t>(input[0] << 8 | input[1]);
    for (std::size_t item = 0; item < asked.canaries.size(); ++item) {
        const dnsfailover::Probe probe{Kind::canary, Transport::udp, item, 1};
        const auto query = query_for(asked, probe, {id, 0});
        const auto answer = dnsfailover::decode(input, query);
        if (!answer) continue;
        ASSERT(answer->addresses.size() <= answer->records);
        ASSERT(input.size() >= encode(query).size());
        for (const auto kind : dnsfailover::every_kind)
            for (const auto transport : {Transport::udp, Transport::tcp}) {
                const auto verdict = judge(asked, {kind, transport, kind == Kind::canary ? item : 0, 1}, *answer);
                ASSERT(transport == Transport::udp || verdict != dnsfailover::Verdict::ask_over_tcp);
            }
    }
    return 0;
}

}  // namespace vrrpd::fuzz
