// The engine: the one owner of all virtual routers. Feeds their cores with what sockets, monitors and the
// supervisor say, and carries their actions out in order. Decides nothing that a core decides.
//
// engine.cpp: life and the loop; engine_actions.cpp: what cores asked for; engine_world.cpp: what the kernel
// said; engine_reload.cpp: another configuration; engine_agent.cpp: what the agent is told and asks;
// engine_groups.cpp: sync groups; engine_dump.cpp: the dumps; engine_notify.cpp: what is tracked and told by scripts;
// engine_auth.cpp: who may speak as a router of ours; engine_virtual_mac.cpp: virtual devices, and no_accept;
// engine_handoff.cpp: one engine goes, another goes on; engine_bfd.cpp: BFD sessions; engine_absent.cpp: addresses that
// are asked for before they come.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/config/diff.hpp"
#include "vrrpd/config/model.hpp"
#include "vrrpd/engine/absent_addresses.hpp"
#include "vrrpd/engine/bfd_desk.hpp"
#include "vrrpd/engine/conditions.hpp"
#include "vrrpd/engine/deadline_queue.hpp"
#include "vrrpd/engine/describe.hpp"
#include "vrrpd/engine/dump.hpp"
#include "vrrpd/engine/gateway_keeper.hpp"
#include "vrrpd/engine/herald.hpp"
#include "vrrpd/engine/kernel_desk.hpp"
#include "vrrpd/engine/lan_prober.hpp"
#include "vrrpd/engine/refusals.hpp"
#include "vrrpd/engine/reporter.hpp"
#include "vrrpd/engine/router.hpp"
#include "vrrpd/engine/run.hpp"
#include "vrrpd/engine/speaker.hpp"
#include "vrrpd/engine/static_keeper.hpp"
#include "vrrpd/engine/status.hpp"
#include "vrrpd/engine/trackers.hpp"
#include "vrrpd/engine/transport.hpp"
#include "vrrpd/engine/virtual_devices.hpp"
#include "vrrpd/ipc/outbox.hpp"
#include "vrrpd/proto/sync_group.hpp"

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
          reporter_([&options](auto kind, const auto& text) { return options.channel.send(kind, text); }),
          outbox_([&options](auto kind, const auto& text) { return options.channel.send(kind, text); }),
          herald_(
              [&options](auto kind, const auto& text, auto detail) { return options.channel.send(kind, text, detail); },
              options.observe) {}

    // ---- engine.cpp
    [[nodiscard]] bool start();
    void speak();
    [[nodiscard]] Instant speaks_from() const;
    void begin(Router& router);
    void serve_deadlines();
    void set_deadline();
    void schedule(std::uint32_t number);
    void read_channel();
    void handle(const ipc::Message& message);
    void hand_over();
    void tell_of_the_end();
    [[nodiscard]] std::uint32_t number_of(const Router& router) const;

    // ---- engine_actions.cpp
    void drive(Router& router, const proto::Event& event) { drive(router, event, loop_.now()); }
    void drive(Router& router, const proto::Event& event, Instant at);
    void perform(Router& router, const proto::SendAdvert& action);
    void perform(Router& router, const proto::Claim& action);
    void perform(Router& router, const proto::Release& action);
    void perform(Router& router, const proto::Probe& action);
    void perform(Router&, const proto::Wants&) {}  // group_heeds() does
    void perform(Router& router, const proto::AnnounceAgain& action);
    void perform(Router& router, const proto::Transition& action);
    void perform(Router& router, const proto::Note& action);
    [[nodiscard]] Desired wanted_by(const Router& router) const;
    [[nodiscard]] const Router* first_installed(const Followed& gateway) const;
    using Results = std::vector<Result<void>>;
    using Written = std::function<void(Router&, const Results&)>;
    enum class Say : std::uint8_t { nothing, failures };
    void write_for(Router& router, std::vector<netlink::Request> requests, Say say, Written then);
    void log_failures(const std::string& name, const Results& results);
    void tell();
    struct ClaimUnderWay {
        Instant began;
        proto::Cause cause;
        Desired wanted;
        std::size_t devices;  // the results begin with those of so many virtual devices
    };
    void claimed(Router& router, const ClaimUnderWay& claim, const Results& results);
    // Whether the role is useless here and may be better off elsewhere.
    [[nodiscard]] bool failed(Router& router, const ClaimUnderWay& claim, const Results& results);
    void announce_all(Router& router);
    void repeat_announcements(Router& router);
    void announce_source(const Router& router);
    void renew(Router& router, Instant now);
    void heard(std::span<const Transport::Member> members, const netlink::Link& link, const AdvertSocket::Heard& heard);
    [[nodiscard]] Router* addressee(std::span<const Transport::Member> members, const proto::Envelope& envelope) const;
    void rejected(Router& router, const netlink::Link& link, const AdvertSocket::Heard& heard, proto::Rejection why);
    void accepted(Router& router, const AdvertSocket::Heard& heard, const proto::Accepted& accepted);
    void watch_paths(Router& router, const proto::Envelope& envelope);
    void compare_addresses(Router& router, const IpAddress& peer, const std::vector<IpAddress>& advertised);

    // ---- engine_world.cpp
    void world_changed(const std::vector<netlink::Change>& changes);
    void say_addresses(const std::vector<netlink::Change>& changes);
    void reconsider_all();
    [[nodiscard]] Conditions look(Router& router);
    void judge(Router& router, Conditions conditions);
    void rejudge(Router& router);
    void settle(Router& router);
    void say_fault(Router& router);
    [[nodiscard]] bool resigns_over(Router& router, const Desired& lost);
    [[nodiscard]] bool gives_up_over(Router& router, const Desired& lost);
    [[nodiscard]] std::string link_name(IfIndex index) const;
    void put_back(Router& router, const Desired& lost, bool say);
    void add(Router& router, const Desired& more, Say say);
    void weigh(Router& router, std::vector<proto::Tracked>& tracked);
    void repair_all();
    void repair(Router& router);
    void require_sockets();
    void claim_heard(IfIndex link, const proto::AddressClaim& claim);
    void remove_leftovers();
    void gateway_changed(std::size_t gateway);

    // ---- engine_groups.cpp
    struct Group {
        std::string name;
        proto::SyncGroup machine;
        Instant since{};                            // its role is the same
        const config::SyncGroup* config = nullptr;  // into the engine's Config
        bool adopts = true;                         // its members may go on as an engine that crashed left them
        bool moving = false;                        // they obey
        bool others_said = false;                   // this move was told of as the group's
    };
    void form_groups();
    void group_news(Router& router, proto::SyncGroup::News news);
    void group_heeds(Router& router, proto::Role before, const proto::Actions& actions);
    void group_heard(Router& router);
    void adopt_group(Group& group);
    void perform(Group& group, Router& about, const proto::SyncGroup::Tell& action);
    void perform(Group& group, Router& about, const proto::SyncGroup::Moved& action);
    void stop(Group& group);
    void stop_groups();
    [[nodiscard]] Group& group_of(const Router& router);
    [[nodiscard]] std::vector<std::string> faults_of(const Router& router) const;
    [[nodiscard]] std::vector<std::string> missing_of(const Router& router) const;
    [[nodiscard]] RouterStatus status_of(const Router& router) const;
    [[nodiscard]] GroupStatus status_of(const Group& group) const;

    // ---- engine_agent.cpp
    void report();
    [[nodiscard]] Router* router_of(const config::Gateway& gateway) const;
    void announce_again(const std::string& gateway);
    [[nodiscard]] std::unique_ptr<LanProber> make_prober();
    void begin_status();
    void continue_status();
    [[nodiscard]] std::vector<std::string> obstacles(std::size_t gateway, const Router& router) const;
    [[nodiscard]] std::vector<std::string> not_ready_because(const Router& router) const;

    // ---- engine_dump.cpp
    void begin_dump(ipc::DumpForm form, const Fd& scripts);
    void continue_dump();
    [[nodiscard]] std::vector<DumpedGroup> dumped_groups() const;

    // ---- engine_trackers.cpp
    void take_early_messages();
    void take_early(ipc::Message message);
    void tracker_changed(const ipc::TrackerState& state);

    // ---- engine_handoff.cpp
    [[nodiscard]] bool stand_by();
    void leave_to_successor();
    [[nodiscard]] Duration goes_on_within(const Router& router) const;
    void advertise_all();  // those that are Active
    [[nodiscard]] std::chrono::milliseconds shortest_advert_interval() const;
    void leave(const Router& router);
    using Legacy = std::optional<ipc::LegacyRecord::Values>;
    [[nodiscard]] Legacy legacy_of(const Router& router);
    void take_up(Router& router, const Legacy& legacy);

    // ---- engine_auth.cpp
    void authenticate(Router& router);
    void remember(const Router& router);
    void authenticated(Router& router, const proto::Envelope& envelope, const proto::Accepted& accepted);

    // ---- engine_virtual_mac.cpp
    void raise_devices(Router& router, std::vector<netlink::Request>& requests);
    void lower_devices(const Router& router);
    void judge_devices(const Router& router, Conditions& conditions) const;
    void hear_on_device(const Router& router, std::uint32_t number, std::vector<Transport::Need>& needs) const;
    [[nodiscard]] bool look_after_devices(const std::vector<netlink::Change>& changes);
    void refuse_packets();

    // ---- engine_absent.cpp
    void devices_coming(const std::vector<netlink::Link>& links);
    void ask_on_new_devices();
    [[nodiscard]] bool has_place(const Router& router, const AbsentAddresses::Place& place) const;
    void review_absent();
    void look_at_absent();
    void absent_answered(IfIndex link, const proto::AddressClaim& claim);
    [[nodiscard]] std::vector<std::string> absent_of(const Router& router) const;

    // ---- engine_bfd.cpp
    [[nodiscard]] std::unique_ptr<BfdDesk> make_bfd_desk();
    [[nodiscard]] BfdDesk::Surface bfd_surface() const { return {desk_->world(), virtual_addresses_}; }

    // ---- engine_reload.cpp
    void reload(int memfd);
    void adopt_configuration(std::unique_ptr<config::Config> next);
    struct Edit;
    [[nodiscard]] std::vector<Followed> all_followed(const config::Config& next,
                                                     const config::Difference& difference) const;
    [[nodiscard]] Edit edit_of(Router& router, const config::Instance& after, const Followed& gateway,
                               std::size_t number);
    void carry_out(const std::vector<Edit>& edits);
    void follow_configuration(Router& router);
    [[nodiscard]] Router* find_claim(std::uint32_t number, std::uint64_t claim);

    [[nodiscard]] Followed followed(const config::Config& config, const config::Instance& instance) const;
    [[nodiscard]] std::string name_of(const IpAddress& address) const;
    [[nodiscard]] std::optional<std::string> member_name(const IpAddress& address) const;
    void prepare(Router& router);
    void use_configuration();

    EngineOptions& options_;
    ipc::ChannelLog& log_;
    Loop loop_;
    Burst burst_;
    std::unique_ptr<config::Config> config_;  // at one place: routers point into it
    std::unique_ptr<KernelDesk> desk_;
    AbsentAddresses absent_;
    std::vector<IfIndex> came_;  // devices that are new, or have another name: nothing of ours was put there yet
    std::unique_ptr<Speaker> speaker_;
    std::unique_ptr<Transport> transport_;
    std::unique_ptr<GatewayKeeper> gateways_;
    std::unique_ptr<LanProber> prober_;
    std::unique_ptr<StaticKeeper> statics_;
    std::unique_ptr<VirtualDevices> devices_;
    std::unique_ptr<Refusals> refusals_;
    std::unique_ptr<BfdDesk> bfd_;
    LinkDamper damper_;
    std::vector<std::unique_ptr<Router>> routers_;
    std::vector<Group> groups_;  // beside Config::sync_groups, in their order
    DeadlineQueue deadlines_;
    Reporter reporter_;
    ipc::Outbox outbox_;  // what is told once
    Trackers trackers_;
    Herald herald_;
    std::vector<ipc::Message> early_;  // came before the first configuration was in place
    struct StatusWork {
        StatusReport report;
        std::size_t done = 0;  // routers
    };
    std::optional<StatusWork> status_;  // being made
    std::deque<Dump> dumps_;            // likewise; the first one
    std::size_t dumped_ = 0;            // routers that are in it

    bool reporting_ = false;  // the agent may be told: the first configuration is in place
    bool speaking_ = false;   // routers may enter the protocol
    Deadline start_at_;       // ... from then on (vrrp_startup_delay, vrrp_delay_after_boot)
    Instant next_beat_{};
    Deadline tell_at_;  // a claim is under way: log lines are held back until it is through, or until then
    static constexpr Duration tidy_delay = std::chrono::seconds(6);  // the second block of announcements is out by then
    Deadline tidy_at_;  // what a wave of take-overs needed for a moment goes back to the system
    bool stopping_ = false;
    bool yielding_ = false;  // ... and another engine goes on
    std::uint64_t claims_ = 0;
    std::string holder_;  // who answered the last probe, for the log
    Instant unknown_vrid_said_{};
    std::vector<IpAddress> members_;            // of peer_link
    std::vector<IpAddress> virtual_addresses_;  // of all instances, sorted
    std::vector<IpAddress> static_addresses_;   // static_ipaddress, sorted
    Loop::Watch channel_watch_;
};

}  // namespace vrrpd::engine
