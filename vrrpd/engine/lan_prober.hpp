// Questions to the LAN of a gateway that the agent wants asked: which hosts are there, and whether a DHCP server
// offers addresses. Asked as any host asks, never from a virtual address, so that a stand-in stays silent; sockets are
// open only while answers are awaited. The engine's.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/core/host_scan.hpp"
#include "vrrpd/engine/link_socket.hpp"
#include "vrrpd/engine/speaker.hpp"
#include "vrrpd/ipc/notices.hpp"
#include "vrrpd/proto/dhcp_message.hpp"

namespace vrrpd::engine {

class LanProber {
public:
    struct Outcomes {
        std::function<void(const ipc::HostAlive&)> host_alive;  // once for each host and scan
        std::function<void(const ipc::DhcpOffer&)> offered;     // once for each server and question
    };
    using IsVirtual = std::function<bool(const IpAddress&)>;

    LanProber(const Surroundings& surroundings, const World& world, Speaker& speaker, IsVirtual is_virtual,
              Outcomes outcomes);

    // At start and after a reload. The vector must outlive the prober or the next call. What is asked for a gateway
    // that is gone ends.
    void configure(const std::vector<config::Gateway>& gateways);

    // Those of one gateway with one pace follow each other, for they are the parts of one round; one with another pace
    // takes the place of all before it. Our own addresses and the virtual ones are left out.
    void scan(const ipc::Scan& wanted);
    void ask_for_dhcp(const std::string& gateway);

    [[nodiscard]] Deadline next_deadline() const;
    void step(Instant now);

private:
    struct Ear {
        IfIndex link;
        FrameListener socket;
        Loop::Watch watch{};
    };
    struct Scan {
        ipc::Scan wanted;
        HostScan hosts;
        std::list<Ear> ears;  // one for each device that was asked on
    };
    struct Question {
        std::string gateway;
        std::string device;
        proto::DhcpQuestion asked;
        Ear ear;
        Instant until;
        std::vector<IpAddress> servers;  // that were told
        unsigned malformed = 0;
    };

    [[nodiscard]] const config::Gateway* find(const std::string& gateway) const;
    [[nodiscard]] bool runs(const Scan& scan) const;  // the others of its gateway wait for its end
    [[nodiscard]] bool is_ours(const IpAddress& address) const;
    [[nodiscard]] std::optional<IpAddress> own_address(IfIndex link, const IpAddress& near) const;
    void ask_for(Scan& scan, const IpAddress& address);
    [[nodiscard]] bool hears(Scan& scan, IfIndex link);
    void heard(Scan& scan, IfIndex link, BytesView frame);
    void ask_for_dhcp(const std::string& gateway, const netlink::Link& link);
    void heard(Question& question, BytesView frame);
    void end(const Question& question);

    Loop& loop_;
    Log& log_;
    Burst& burst_;
    const World& world_;
    Speaker& speaker_;
    IsVirtual is_virtual_;
    Outcomes outcomes_;
    const std::vector<config::Gateway>* gateways_ = nullptr;
    std::list<Scan> scans_;
    bool said_too_many_ = false;  // since there was none
    std::list<Question> questions_;
    std::uint32_t next_xid_;
};

}  // namespace vrrpd::engine
