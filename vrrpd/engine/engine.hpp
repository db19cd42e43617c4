// The engine: the one owner of all virtual routers. Feeds their cores with what sockets, monitors and the
// supervisor say, and has their actions carried out in order. Decides nothing that a core decides.
//
// engine.cpp: life and the loop; engine_actions.cpp: what cores asked for; engine_world.cpp: what the kernel and the
// trackers said; engine_reload.cpp: another configuration; engine_agent.cpp: what the agent is told and asks;
// engine_handoff.cpp: one engine goes, another goes on.
//
// Its parts, each of which knows the routers by their table (router_table.hpp): AdvertReceiver hears, Speaker speaks,
// ClaimDesk has what is Active in the kernel, AbsentDesk asks before an address comes, GroupDesk moves sync groups,
// Survey answers for the status and the dumps, Herald tells scripts and FIFOs.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/config/diff.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/absent_desk.hpp"
#include "vrrpd/engine/advert_receiver.hpp"
#include "vrrpd/engine/bfd_desk.hpp"
#include "vrrpd/engine/claim_desk.hpp"
#include "vrrpd/engine/core/absent_addresses.hpp"
#include "vrrpd/engine/core/conditions.hpp"
#include "vrrpd/engine/core/herald.hpp"
#include "vrrpd/engine/core/peer_names.hpp"
#include "vrrpd/engine/core/reporter.hpp"
#include "vrrpd/engine/core/router_table.hpp"
#include "vrrpd/engine/core/trackers.hpp"
#include "vrrpd/engine/gateway_keeper.hpp"
#include "vrrpd/engine/group_desk.hpp"
#include "vrrpd/engine/kernel_desk.hpp"
#include "vrrpd/engine/lan_prober.hpp"
#include "vrrpd/engine/legacy.hpp"
#include "vrrpd/engine/process_place.hpp"
#include "vrrpd/engine/refusals.hpp"
#include "vrrpd/engine/run.hpp"
#include "vrrpd/engine/speaker.hpp"
#include "vrrpd/engine/static_keeper.hpp"
#include "vrrpd/engine/survey.hpp"
#include "vrrpd/engine/transport.hpp"
#include "vrrpd/engine/virtual_devices.hpp"
#include "vrrpd/ipc/outbox.hpp"

namespace vrrpd::engine {

class Engine {
public:
    // Opens everything; fails with what was tried.
    [[nodiscard]] static Result<std::unique_ptr<Engine>> open(EngineOptions& options, ipc::ChannelLog& log);
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;
    ~Engine();

    // Until the supervisor says stop, or is gone. Everything of ours is withdrawn when it returns.
    void run(config::Config config);

private:
    Engine(EngineOptions& options, ipc::ChannelLog& log)
        : options_(options),
          log_(log),
          place_(log),
          reporter_([&options](auto kind, const auto& text) { return options.channel.send(kind, text); }),
          outbox_([&options](auto kind, const auto& text) { return options.channel.send(kind, text); }),
          herald_(
              [&options](auto kind, const auto& text, auto detail) { return options.channel.send(kind, text, detail); },
              options.observe) {}

    // ---- engine.cpp
    void make_parts();
    [[nodiscard]] bool start();
    void speak();
    [[nodiscard]] Instant speaks_from() const;
    void begin(Router& router);
    [[nodiscard]] Legacy inherited(const Router& router);
    void serve_deadlines();
    void serve_routers(Instant now);
    void beat(Instant now);
    void set_deadline();
    void read_channel();
    void handle(const ipc::Message& message);
    void hand_over();
    void tell_of_the_end();

    // ---- engine_actions.cpp
    void drive(Router& router, const proto::Event& event) { drive(router, event, loop_.now()); }
    void drive(Router& router, const proto::Event& event, Instant at);
    void perform(Router& router, const proto::SendAdvert& action);
    void perform(Router& router, const proto::Claim& action) { claims_->claim(router, action.cause); }
    void perform(Router& router, const proto::Release&) { claims_->release(router); }
    void perform(Router& router, const proto::Probe&) { speaker_->probe(router, loop_.now()); }
    void perform(Router&, const proto::Wants&) {}  // its group heeds it: GroupDesk::stepped()
    void perform(Router& router, const proto::AnnounceAgain& action);
    void perform(Router& router, const proto::Transition& action);
    void perform(Router& router, const proto::Note& action);
    void hold_news();
    void tell_news();
    void announce_source(const Router& router);

    // ---- engine_world.cpp
    void world_changed(const std::vector<netlink::Change>& changes);
    void audited();
    void say_addresses(const std::vector<netlink::Change>& changes);
    [[nodiscard]] bool look_after_devices(const std::vector<netlink::Change>& changes);
    void reconsider_all();
    [[nodiscard]] Conditions look(Router& router);
    void judge(Router& router, Conditions conditions);
    void rejudge(Router& router);
    void settle(Router& router);
    void say_fault(Router& router);
    void weigh(Router& router, std::vector<proto::Tracked>& tracked);
    void require_sockets();
    void hear_on_device(const Router& router, std::uint32_t number, std::vector<Transport::Need>& needs) const;
    void address_claimed(IfIndex link, const proto::AddressClaim& claim);
    void gateway_changed(std::size_t gateway);
    void tracker_changed(const ipc::TrackerState& state);
    [[nodiscard]] BfdDesk::Surface bfd_surface() const { return {desk_->world(), virtual_addresses_}; }

    // ---- engine_agent.cpp
    void report();
    void announce_again(const std::string& gateway);
    [[nodiscard]] std::unique_ptr<LanProber> make_prober();
    [[nodiscard]] std::vector<std::string> obstacles(std::size_t gateway, const Router& router) const;
    [[nodiscard]] std::vector<std::string> not_ready_because(const Router& router) const;

    // ---- engine_handoff.cpp
    [[nodiscard]] bool stand_by();
    void take_early_messages();
    void take_early(ipc::Message message);
    void leave_to_successor();
    void advertise_all();  // those that are Active
    [[nodiscard]] Duration goes_on_within(const Router& router) const;
    [[nodiscard]] std::chrono::milliseconds shortest_advert_interval() const;

    // ---- engine_reload.cpp
    void reload(int memfd);
    void adopt_configuration(std::unique_ptr<config::Config> next);
    [[nodiscard]] std::vector<Followed> all_followed(const config::Config& next,
                                                     const config::Difference& difference) const;
    void prepare(Router& router);
    void use_configuration();
    void follow_configuration(Router& router);

    [[nodiscard]] const config::Config& config() const { return routers_.config(); }

    EngineOptions& options_;
    ipc::ChannelLog& log_;
    ProcessPlace place_;
    Loop loop_;
    Burst burst_;
    RouterTable routers_;
    std::unique_ptr<KernelDesk> desk_;
    AbsentAddresses absent_;
    Trackers trackers_;
    LinkDamper damper_;
    PeerNames peers_;
    Reporter reporter_;
    ipc::Outbox outbox_;  // what is told once
    Herald herald_;
    std::unique_ptr<Speaker> speaker_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<AdvertReceiver> receiver_;
    std::unique_ptr<GatewayKeeper> gateways_;
    std::unique_ptr<LanProber> prober_;
    std::unique_ptr<StaticKeeper> statics_;
    std::unique_ptr<VirtualDevices> devices_;
    std::unique_ptr<Refusals> refusals_;
    std::unique_ptr<AbsentDesk> absentees_;
    std::unique_ptr<ClaimDesk> claims_;
    std::unique_ptr<GroupDesk> groups_;
    // From the start on, when it is known whether another engine was there before.
    std::unique_ptr<BfdDesk> bfd_;
    std::unique_ptr<Survey> survey_;

    std::vector<ipc::Message> early_;  // came before the first configuration was in place
    bool reporting_ = false;           // the agent may be told: the first configuration is in place
    bool speaking_ = false;            // routers may enter the protocol
    Deadline start_at_;                // ... from then on (vrrp_startup_delay, vrrp_delay_after_boot)
    Instant next_beat_{};
    Deadline tell_at_;  // a claim is under way: log lines are held back until it is through, or until then
    static constexpr Duration tidy_delay = std::chrono::seconds(6);  // the second block of announcements is out by then
    Deadline tidy_at_;  // what a wave of take-overs needed for a moment goes back to the system
    bool stopping_ = false;
    bool yielding_ = false;                     // ... and another engine goes on
    std::string holder_;                        // who answered the last probe, for the log
    std::vector<IpAddress> virtual_addresses_;  // of all instances, sorted
    std::vector<IpAddress> static_addresses_;   // static_ipaddress, sorted
    Loop::Watch channel_watch_;
};

}  // namespace vrrpd::engine
