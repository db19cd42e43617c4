// What is fed with hostile bytes. Each target is a function in a file of its own: libFuzzer calls it through entry.cpp,
// the unit tests through replay_test.cpp. A target that finds a promise broken aborts, by ASSERT.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace vrrpd::fuzz {

using Input = std::span<const std::uint8_t>;

namespace advert {  // a received VRRP message
int one_input(Input input);
}
namespace authentication {  // ... that is to be authenticated
int one_input(Input input);
}
namespace bfd {  // BFD packets to a session, and its clock
int one_input(Input input);
}
namespace configuration {  // the text of a configuration file
int one_input(Input input);
}
namespace dns_answer {  // a forwarder's answer to a probe
int one_input(Input input);
}
namespace lease_image {  // the replica's file
int one_input(Input input);
}
namespace lease_text {  // dnsmasq's lease file
int one_input(Input input);
}
namespace lease_wire {  // a peer's replica message
int one_input(Input input);
}
namespace peer_stream {  // the peer link's frames, and the hello in them
int one_input(Input input);
}

struct Target {
    const char* name;
    int (*one_input)(Input);
};
inline constexpr std::array targets{
    Target{"advert", advert::one_input},
    Target{"authentication", authentication::one_input},
    Target{"bfd", bfd::one_input},
    Target{"configuration", configuration::one_input},
    Target{"dns_answer", dns_answer::one_input},
    Target{"lease_image", lease_image::one_input},
    Target{"lease_text", lease_text::one_input},
    Target{"lease_wire", lease_wire::one_input},
    Target{"peer_stream", peer_stream::one_input},
};

}  // namespace vrrpd::fuzz
