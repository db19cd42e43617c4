#include "vrrpd/ipc/topic.hpp"

#include "vrrpd/ipc/notices.hpp"

namespace vrrpd::ipc {

namespace {

template <class Notice>
std::optional<Topic> topic_in(const std::string& text) {
    const auto notice = decode<Notice>(text);
    return notice ? std::optional(Topic{notice->gateway, notice->gateway}) : std::nullopt;
}

std::optional<Topic> choice_topic(const std::string& text) {
    const auto choice = decode<DnsChoice>(text);
    const auto* family = choice && choice->to.is_v6() ? "\nIPv6" : "";
    return choice ? std::optional(Topic{choice->gateway, choice->gateway + family}) : std::nullopt;
}

std::optional<Topic> weight_topic(const std::string& text) {
    const auto weight = decode<ServiceWeight>(text);
    return weight ? std::optional(Topic{weight->gateway, weight->gateway + '\n' + weight->service}) : std::nullopt;
}

}  // namespace

std::optional<Topic> topic_of(Kind kind, const std::string& text) {
    switch (kind) {
        case Kind::wan_state:
            return topic_in<WanState>(text);
        case Kind::role_change:
            return topic_in<RoleChange>(text);
        case Kind::readiness:
        case Kind::services_ready:
            return topic_in<Readiness>(text);
        case Kind::units:
            return topic_in<Units>(text);
        case Kind::standing:
            return topic_in<Standing>(text);
        case Kind::host_alive:
            return topic_in<HostAlive>(text);
        case Kind::dhcp_offer:
            return topic_in<DhcpOffer>(text);
        case Kind::dns_choice:
            return choice_topic(text);
        case Kind::service_weight:
            return weight_topic(text);
        case Kind::dns_health:
            return topic_in<DnsHealth>(text);
        case Kind::dhcp_silence:
            return topic_in<DhcpSilence>(text);
        case Kind::scan:
            return topic_in<Scan>(text);
        case Kind::dhcp_probe:
        case Kind::announce_again:
            return Topic{text, text};
        case Kind::device_appeared:
        case Kind::host_silent:
            return Topic{{}, text};
        default:
            return Topic{};
    }
}

}  // namespace vrrpd::ipc
