#include "vrrpd/agent/agent.hpp"

#include <malloc.h>

#include "vrrpd/config/parse.hpp"

namespace vrrpd::agent {

Agent::Agent(ipc::Channel& channel, ipc::ChannelLog& log, std::string id)
    : channel_(channel), log_(log), id_(std::move(id)) {}

void Agent::run() {
    loop_.on_deadline([this] {
        for (auto& service : dns_) service.step();
    });
    loop_.before_wait([this] { set_deadline(); });
    watch_ = loop_.on_readable(channel_.fd(), [this] { read_channel(); });
    loop_.run();
}

// Services whose block did not change could go on; but they know again in seconds what they knew, and until then
// what was decided stays in force.
void Agent::configure(int configuration) {
    const auto text = ipc::unseal(configuration);
    const auto lines = text ? config::deserialize(*text) : std::nullopt;
    if (!lines) return log_.error("the agent could not read its configuration");  // the old one runs on
    const auto config = config::parse(*lines, id_).config;
    Self self{id_, std::nullopt};
    if (const auto& link = config.peer_link; link && link->self) self.address = link->members[*link->self].address;
    dns_.clear();
    for (const auto& block : config.dns_failovers)
        dns_.emplace_back(
            loop_, log_, block, self,
            DnsOutcomes{[this](const auto& choice) { channel_.send(ipc::Kind::dns_choice, encode(choice)); },
                        [this](const auto& weight) { channel_.send(ipc::Kind::service_weight, encode(weight)); }});
}

void Agent::read_channel() {
    ipc::Message message;
    for (;;) {
        const auto got = channel_.receive(message);
        if (got == ipc::Channel::State::empty) return;
        if (got == ipc::Channel::State::closed) return loop_.stop();
        handle(message);
    }
}

void Agent::handle(const ipc::Message& message) {
    switch (message.kind) {
        case ipc::Kind::stop:
            loop_.stop();
            break;
        case ipc::Kind::reload:
            configure(message.memfd.get());
            malloc_trim(0);  // of 1,000 parsed instances nothing stays
            break;
        case ipc::Kind::wan_state:
            if (const auto state = ipc::decode<ipc::WanState>(message.text))
                for (auto& service : dns_) service.wan_changed(*state);
            break;
        case ipc::Kind::host_silent:
            if (const auto address = IpAddress::parse(message.text))
                for (auto& service : dns_) service.host_silent(*address);
            break;
        default:  // what others are told
            break;
    }
}

void Agent::set_deadline() {
    Deadline next;
    for (const auto& service : dns_) next = earlier(next, service.next_deadline());
    loop_.set_deadline(next);
}

}  // namespace vrrpd::agent
