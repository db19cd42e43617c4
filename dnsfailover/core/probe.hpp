// What a forwarder is asked, and what its answer means. Pure: ids and random labels come in as arguments.
//
//   liveness    something that it answers by itself: any answer shows that it lives
//   resolution  a name that no cache can know: an answer shows that its upstream lives. A cache answers known names
//               in 0 ms long after its upstream died
//   canary      names that its filter must block (optional): they show that the filter works
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "dnsfailover/core/message.hpp"
#include "dnsfailover/core/pace.hpp"

namespace dnsfailover {

enum class Kind : std::uint8_t { liveness, resolution, existence, canary };
inline constexpr std::array every_kind{Kind::liveness, Kind::resolution, Kind::existence, Kind::canary};

enum class Transport : std::uint8_t { udp, tcp };

// A name to resolve. With a random label in front NXDOMAIN is as good an answer as any: either came from upstream.
struct Target {
    Name name;
    bool random_label = true;
    bool wildcard = false;  // but below this one every name is there: NXDOMAIN is somebody's lie
};

struct Canary {
    Name name;
    std::optional<IpAddress> answer;  // what a blocked name resolves to; nullopt: nothing at all, or 0.0.0.0
    RecordType type = RecordType::a;
};

// What one forwarder is asked. An empty `resolution`: its upstream is not judged.
struct Plan {
    std::vector<Question> liveness = questions_that_forwarders_answer();
    std::vector<Target> resolution = names_of_several_operators();
    std::vector<Name> existence = names_that_exist();
    std::vector<Canary> canaries;  // all of them must be blocked

    // AdGuard Home and unbound answer the first by themselves, dnsmasq, unbound and BIND the second; nobody both from
    // upstream. Which one it is needs no configuration: the quicker answer is the own one.
    [[nodiscard]] static std::vector<Question> questions_that_forwarders_answer();
    // Zones of several operators, without DNSSEC: below a signed one a cache may prove by itself that a name does not
    // exist (RFC 8198). Not below .test or .invalid, which forwarders answer alone (RFC 6761).
    [[nodiscard]] static std::vector<Target> names_of_several_operators();
    // The same ones, as they stand. Every home asks for them all day: that we do tells nobody anything.
    [[nodiscard]] static std::vector<Name> names_that_exist();
};

// One question on its way. `item` counts within its kind in the Plan; `round` tells a late answer from one that is
// awaited.
struct Probe {
    Kind kind = Kind::liveness;
    Transport transport = Transport::udp;
    std::size_t item = 0;
    std::uint32_t round = 0;
    vrrpd::Instant until{};  // no answer counts after that

    bool operator==(const Probe&) const = default;
};

// What the shell rolled for one probe.
struct Dice {
    std::uint16_t id;
    std::uint64_t label;
};

[[nodiscard]] Query query_for(const Plan& plan, const Probe& probe, const Dice& dice);

enum class Verdict : std::uint8_t { good, bad, ask_over_tcp, none };

[[nodiscard]] Verdict judge(const Plan& plan, const Probe& probe, const Answer& answer);

}  // namespace dnsfailover
