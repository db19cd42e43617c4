// The agent: what moves with a gateway beside its address, and needs neither the engine's privileges nor its timing.
// One event loop; everything that needs a privilege is asked of the engine or the supervisor, through the channel.
#pragma once

#include <list>
#include <string>

#include "vrrpd/agent/dns_service.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/ipc/channel.hpp"

namespace vrrpd::agent {

class Agent {
public:
    Agent(ipc::Channel& channel, ipc::ChannelLog& log, std::string id);
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

    // Until the supervisor is gone, or says stop. What to run comes through the channel.
    void run();

private:
    void configure(int configuration);
    void read_channel();
    void handle(const ipc::Message& message);
    void set_deadline();

    ipc::Channel& channel_;
    ipc::ChannelLog& log_;
    std::string id_;
    Loop loop_;
    std::list<DnsService> dns_;  // a list: their probers stay where they are
    Loop::Watch watch_;
};

}  // namespace vrrpd::agent
