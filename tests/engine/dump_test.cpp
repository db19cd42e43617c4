// The dumps in keepalived's words: golden, and as its own 2.2.7 wrote them for the same configuration.
#include "vrrpd/engine/core/dump.hpp"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <nlohmann/json.hpp>

#include "tests/engine/values.hpp"
#include "vrrpd/engine/core/dump_words.hpp"

namespace vrrpd::engine::dump_test {
namespace {

using namespace test;
using Json = nlohmann::ordered_json;

const Instant start = Instant(100s);
const DumpMoment moment{start, WallTime(std::chrono::microseconds(1795898818'917423))};

std::string dump(ipc::DumpForm form, const Router& router, const config::Config& config = {}) {
    Dump dump(form, config);
    dump.add(router, router.troubles->faults, moment);
    Trackers trackers;
    trackers.configure(config);
    return dump.text({}, trackers);
}

config::VirtualAddress on(const char* device, const char* text) {
    auto address = vip(text);
    address.device = device;
    return address;
}

config::VirtualRoute route(const char* destination) {
    config::VirtualRoute line;
    line.route.destination = *Prefix::parse(destination);
    return line;
}

TEST(DumpWords, addresses) {
    EXPECT_EQ(dumped(on("lan0", "10.12.14.1/24"), true), "10.12.14.1/24 dev lan0 scope global set");
    auto labelled = on("lan0", "10.12.14.1/24");
    labelled.extras.edit().label = "lan0:1";
    labelled.extras.edit().broadcast = ip("10.12.14.255");
    labelled.scope = 253;
    EXPECT_EQ(dumped(labelled, false), "10.12.14.1/24 brd 10.12.14.255 dev lan0 scope link label lan0:1");
    auto far = on("wan0", "10.12.14.7/32");
    far.extras.edit().peer = ip("10.12.14.8");
    EXPECT_EQ(dumped(far, true), "10.12.14.7 dev wan0 scope global peer 10.12.14.8/32 set");
    auto untracked = on("lan0", "10.12.14.9/24");
    untracked.track = false;
    EXPECT_EQ(dumped(untracked, true), "10.12.14.9/24 dev lan0 scope global no_track set");
    EXPECT_EQ(dumped(on("lan0", "fd00::9/64"), true), "fd00::9/64 dev lan0 scope global preferred_lft forever set");
    auto deprecated = on("lan0", "fd00::7/128");
    deprecated.extras.edit().preferred = std::chrono::seconds(0);
    EXPECT_EQ(dumped(deprecated, true), "fd00::7 dev lan0 scope global deprecated set");
}

TEST(DumpWords, routes) {
    auto line = route("10.8.0.0/24");
    line.route.source = ip("10.12.14.1");
    line.route.table = 9;
    line.route.metric = 5;
    line.hops = {{ip("10.12.14.9"), "wan0"}};
    EXPECT_EQ(dumped(line),
              "prepend 10.8.0.0/24 src 10.12.14.1 via inet 10.12.14.9 dev wan0 table 9 proto 18 metric 5");
    auto several = route("10.11.0.0/16");
    several.hops = {{ip("10.12.14.9"), "", 2}, {ip("10.12.14.8"), "lan0", 3}};
    several.track = false;
    EXPECT_EQ(dumped(several),
              "prepend 10.11.0.0/16 proto 18 nexthop via inet 10.12.14.9 weight 2 nexthop via inet 10.12.14.8 dev lan0 "
              "weight 3 no_track");
    auto hole = route("10.9.0.0/16");
    hole.route.type = netlink::RouteType::blackhole;
    EXPECT_EQ(dumped(hole), "add blackhole 10.9.0.0/16 proto 18");
    EXPECT_EQ(dumped(route("0.0.0.0/0")), "prepend 0.0.0.0/0 proto 18");
    auto all = route("10.95.0.0/16");
    all.hops = {{std::nullopt, "lan0"}};
    all.route.scope = RT_SCOPE_LINK;
    all.route.tos = 16;
    all.route.mtu = 1400;
    auto& extras = all.route.extras.edit();
    extras.metrics = {
        {RTAX_LOCK, 1U << RTAX_MTU | 1U << RTAX_WINDOW}, {RTAX_WINDOW, 100}, {RTAX_RTT, 240}, {RTAX_FEATURES, 1}};
    extras.congestion_control = "cubic";
    extras.realms = 3U << 16 | 4;
    EXPECT_EQ(dumped(all),
              "prepend 10.95.0.0/16 tos 16 dev lan0 proto 18 scope 253 realms 3/4 mtu lock 1400 congctl cubic "
              "window lock 100 rtt 30ms features ecn");
}

TEST(DumpWords, rules) {
    config::VirtualRule line;
    line.rule.from = *Prefix::parse("10.0.0.1/32");
    line.rule.priority = 77;
    line.rule.table = 100;
    EXPECT_EQ(dumped(line), "from 10.0.0.1 priority 77 tos 0x0 protocol 18 lookup 100");
    line.rule.fwmark = 5;
    line.rule.oif = "wan0";
    EXPECT_EQ(dumped(line), "from 10.0.0.1 priority 77 tos 0x0 fwmark 0x5 oif wan0 protocol 18 lookup 100");
    config::VirtualRule to;
    to.rule.to = *Prefix::parse("10.0.0.0/8");
    to.rule.iif = "lan0";
    to.rule.priority = 16384;
    to.rule.table = 254;
    EXPECT_EQ(dumped(to), "from all to 10.0.0.0/8 priority 16384 tos 0x0 iif lan0 protocol 18 lookup 254");
    auto& extras = to.rule.extras.edit();
    extras.invert = true;
    extras.tos = 16;
    extras.ip_protocol = 6;
    extras.source_ports = {1, 2};
    extras.action = netlink::RuleExtras::Action::go_to;
    extras.target = 7020;
    to.rule.suppress_prefix_length = 0;
    EXPECT_EQ(dumped(to),
              "not from all to 10.0.0.0/8 priority 16384 tos 0x10 iif lan0 suppress_prefixlen 0 protocol 18 ipproto 6 "
              "sport 1-2 goto 7020");
    extras = {};
    extras.action = netlink::RuleExtras::Action::blackhole;
    to.rule.suppress_prefix_length.reset();
    EXPECT_EQ(dumped(to), "from all to 10.0.0.0/8 priority 16384 tos 0x0 iif lan0 protocol 18 type blackhole");
}

TEST(DumpWords, commands_are_quoted_word_by_word) {
    EXPECT_EQ(dumped(config::Script{{"/usr/bin/echo", "hello you"}, {}, {}}), "'/usr/bin/echo' 'hello you'");
}

config::Config with_everything() {
    config::Config config;
    config.scripts = {{"chk", {{"/usr/bin/true"}, {}, {}}}};
    auto one = instance();
    one.parameters.advert_interval = Centiseconds(50);
    one.parameters.preempt_delay = 2500ms;
    one.track_interfaces = {{"wan0", 10, false}};
    one.tracks = {{config::Track::Kind::script, false, 0, 0}};
    one.notify.edit().master = {{"/usr/bin/echo", "hello"}, {}, {}};
    config.instances = {one};
    return config;
}

TEST(Dump, json_has_keepalived_s_keys_in_its_order) {
    const auto config = with_everything();
    Router router(config.instances[0], {});
    router.since = start - 1s;
    (void)router.machine.step(start, proto::Start{});
    router.master_priority = 150;
    router.counters = {7, 6, 5, 4, 3, 2, 9};
    router.troubles.edit().rejected[static_cast<std::size_t>(proto::Rejection::wrong_length)] = 2;
    router.troubles.edit().rejected[static_cast<std::size_t>(proto::Rejection::too_short)] = 1;
    const auto text = dump(ipc::DumpForm::json, router, config);
    EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
    EXPECT_NE(text.find(R"('\/usr\/bin\/true')"), std::string::npos) << "as keepalived's library writes it";
    const auto objects = Json::parse(text);
    ASSERT_EQ(objects.size(), 1U);
    EXPECT_EQ(objects[0]["data"].dump(),
              R"({"iname":"LAN","dont_track_primary":0,"skip_check_adv_addr":0,"strict_mode":0,"vmac_ifname":"",)"
              R"("ifp_ifname":"lan0","master_priority":150,"last_transition":1795898817.917423,"garp_delay":5,)"
              R"("garp_refresh":0,"garp_rep":5,"garp_refresh_rep":1,"garp_lower_prio_delay":5,"garp_lower_prio_rep":5,)"
              R"("lower_prio_no_advert":0,"higher_prio_send_advert":0,"vrid":1,"base_priority":200,)"
              R"("effective_priority":200,"vipset":false,"promote_secondaries":false,"adver_int":0.5,)"
              R"("master_adver_int":0.5,"accept":1,"nopreempt":false,"preempt_delay":2,"state":1,"wantstate":1,)"
              R"("version":3,"smtp_alert":false,"notify_deleted":false,"script_master":"'/usr/bin/echo' 'hello'",)"
              R"("vips":["10.12.14.1/24 dev lan0 scope global"],"track_ifp":["wan0"],)"
              R"("track_script":["'/usr/bin/true'"],"auth_type":0})");
    EXPECT_EQ(objects[0]["stats"].dump(),
              R"({"advert_rcvd":7,"advert_sent":6,"become_master":3,"release_master":2,"packet_len_err":3,)"
              R"("advert_interval_err":0,"ip_ttl_err":0,"invalid_type_rcvd":0,"addr_list_err":9,)"
              R"("invalid_authtype":0,"authtype_mismatch":0,"auth_failure":0,"pri_zero_rcvd":5,"pri_zero_sent":4})");
}

TEST(Dump, stats_read_as_keepalived_s) {
    const auto config = instance();
    Router router(config, {});
    router.counters = {7, 6, 5, 4, 3, 2, 1};
    EXPECT_EQ(dump(ipc::DumpForm::stats, router),
              "VRRP Instance: LAN\n"
              "  Advertisements:\n    Received: 7\n    Sent: 6\n"
              "  Became master: 3\n  Released master: 2\n"
              "  Packet Errors:\n    Length: 0\n    TTL: 0\n    Invalid Type: 0\n    Advertisement Interval: 0\n"
              "    Address List: 1\n"
              "  Authentication Errors:\n    Invalid Type: 0\n    Type Mismatch: 0\n    Failure: 0\n"
              "  Priority Zero:\n    Received: 5\n    Sent: 4\n");
}

TEST(Dump, data_has_what_scripts_look_for) {
    const auto config = with_everything();
    Router router(config.instances[0], {});
    router.since = start - 1s;
    router.source = ip("10.12.14.2");
    router.troubles.edit().faults = {"lan0 is down"};
    const auto text = dump(ipc::DumpForm::data, router, config);
    for (const auto* const line :
         {"------< VRRP Topology >------\n VRRP Instance = LAN\n", "   VRRP Version = 3\n", "   State = FAULT\n",
          "     lan0 is down\n", "   Last transition = 1795898817.917423 (", "   Interface = lan0\n",
          "   Using src_ip = 10.12.14.2\n", "   Virtual Router ID = 1\n", "   Priority = 200\n",
          "   Effective priority = 200\n", "   Advert interval = 500 milli-sec\n", "   Preempt delay = 2.5 secs\n",
          "   Virtual IP (1):\n     10.12.14.1/24 dev lan0 scope global\n",
          "   Master state transition script = '/usr/bin/echo' 'hello'\n", "   Tracked scripts :\n     chk weight 0\n",
          "   Accept = enabled\n", "   Number of interface and track script faults = 1\n     lan0 is down\n"})
        EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
}

// Of a stand-in: exporters and scripts ask it who the other is.
TEST(Dump, data_of_a_backup_names_the_master) {
    const auto config = with_everything();
    Router router(config.instances[0], {});
    (void)router.machine.step(start, proto::Start{});
    const proto::Received advert{proto::Priority::from_wire(250), Centiseconds(20), ip("10.12.14.4"), ip("10.12.14.2")};
    (void)router.machine.step(start, advert);
    router.master_priority = 250;
    const auto text = dump(ipc::DumpForm::data, router, config);
    EXPECT_NE(text.find("   State = BACKUP\n   Master router = 10.12.14.4\n   Master priority = 250\n"
                        "   Master advert int = 0.20 sec\n   Flags: none\n   Wantstate = BACKUP\n"),
              std::string::npos)
        << text;
}

// A member whose group is in FAULT has no fault of its own.
TEST(Dump, a_fault_of_the_group_is_the_member_s_state) {
    const auto config = with_everything();
    const Router router(config.instances[0], {});
    Dump data(ipc::DumpForm::data, config), json(ipc::DumpForm::json, config);
    const std::vector<std::string> faults{"WAN of VRRP_Group(G): wan0 is down"};
    data.add(router, faults, moment);
    json.add(router, faults, moment);
    Trackers trackers;
    trackers.configure(config);
    EXPECT_NE(data.text({}, trackers).find("   State = FAULT\n"), std::string::npos);
    EXPECT_EQ(Json::parse(json.text({}, trackers))[0]["data"]["state"], 3);
}

TEST(Dump, data_begins_with_the_static_entries) {
    auto config = with_everything();
    auto& statics = config.statics.edit();
    statics.routes = {route("10.9.0.0/16")};
    config::VirtualRule rule;
    rule.rule.priority = 77;
    rule.rule.table = 9;
    statics.rules = {rule};
    Trackers trackers;
    trackers.configure(config);
    EXPECT_TRUE(
        Dump(ipc::DumpForm::data, config)
            .text({}, trackers)
            .starts_with("------< Static Routes >------\n     prepend 10.9.0.0/16 proto 18\n"
                         "------< Static Rules >------\n     from all priority 77 tos 0x0 protocol 18 lookup 9\n"
                         "------< VRRP Topology >------\n"));
}

// As 2.2.7 writes one, but for the time limit, which it does not tell.
TEST(Dump, data_tells_of_scripts_what_the_supervisor_says) {
    const auto config = with_everything();
    Trackers trackers;
    trackers.configure(config);
    Dump dump(ipc::DumpForm::data, config);
    EXPECT_NE(dump.text({}, trackers).find("   Status = INIT\n"), std::string::npos);
    using State = ipc::TrackerState;
    (void)trackers.apply({State::Kind::script, "chk", State::Health::up, 0, "succeeded"});
    dump.set_scripts({{{"chk", ipc::ScriptState::Run::running, 1, 990, 991, "'/usr/bin/true'"}}, {}});
    const auto text = dump.text({}, trackers);
    EXPECT_NE(text.find("------< VRRP Scripts >------\n VRRP Script = chk\n   Command = '/usr/bin/true'\n"
                        "   Interval = 1 sec\n   Timeout = 1 sec\n   Weight = 0\n   Rise = 1\n   Fall = 1\n"
                        "   Result = 1\n   Insecure = no\n   Init state = unknown\n   Status = GOOD\n"
                        "   Script uid:gid = 990:991\n   VRRP instances :\n   Tracking instances :\n"
                        "     LAN, weight 0\n   State = running\n"),
              std::string::npos)
        << text;
}

TEST(Dump, data_tells_as_whom_a_script_is_run) {
    auto config = with_everything();
    auto& notify = config.instances[0].notify.edit();
    notify.backup = {{"/b.sh"}, "joe", "staff"};
    notify.fault = {{"/f.sh"}, "nobody_there", ""};
    const Router router(config.instances[0], {});
    Dump dump(ipc::DumpForm::data, config);
    dump.set_scripts({{}, {{"", "", 65534, 65533}, {"joe", "staff", 1000, 50}}});
    dump.add(router, {}, moment);
    Trackers trackers;
    trackers.configure(config);
    const auto text = dump.text({}, trackers);
    EXPECT_NE(text.find("   Backup state transition script = '/b.sh', uid:gid 1000:50\n"
                        "   Master state transition script = '/usr/bin/echo' 'hello', uid:gid 65534:65533\n"
                        "   Fault state transition script = '/f.sh'\n"),
              std::string::npos)
        << text;
}

// As 2.2.7 writes it, but for what it counts for itself.
TEST(Dump, data_tells_of_sockets_and_interfaces) {
    auto config = with_everything();
    config.instances.push_back(config.instances[0]);
    config.instances[1].name = "WAN";
    config.instances[1].interface = "wan0";
    config.instances[1].vrid = vrid(7);
    config.instances[1].track_interfaces = {};
    config.instances[1].peers = std::vector<proto::Peer>{{ip("198.51.100.8")}};
    config.interface_delays = {{"lan0", 2s, 3s}};
    config.garp_groups = {{100ms, 200ms, {"lan0"}}};
    config.gna_interval = 5ms;
    auto host = home();
    host.addresses.insert(host.addresses.begin(), held(lan0, "10.12.14.1/24"));
    auto& lo = host.links.emplace_back(link(9, "lo"));
    lo.loopback = true;
    lo.multicast = lo.running = false;
    lo.mac = {};
    lo.mtu = 65536;
    Dump dump(ipc::DumpForm::data, config);
    dump.add(host, {{11, "lan0", Family::ipv4, proto::ip_protocol, {0}},
                    {12, "wan0", Family::ipv4, proto::ah_protocol, {1}}});
    Trackers trackers;
    trackers.configure(config);
    const auto text = dump.text({}, trackers);
    EXPECT_TRUE(
        text.starts_with("------< Gratuitous ARP delays >------\n------< GARP delay group 1 >------\n"
                         " GARP interval = 0.1\n GNA interval = 0.2\n Interfaces\n  lan0\n"
                         "------< GARP delay group 0 >------\n GNA interval = 0.005\n Interfaces\n  wan0\n"))
        << text;
    EXPECT_NE(text.find("------< VRRP Sockpool >------\n fd_in 11 fd_out = 11\n   Interface = lan0\n   Family = IPv4\n"
                        "   Protocol = VRRP\n   Type = Multicast\n   VRRP instances\n     LAN vrid 1\n"
                        " fd_in 12 fd_out = 12\n   Interface = wan0\n   Family = IPv4\n   Protocol = AH\n"
                        "   Type = Unicast\n   VRRP instances\n     WAN vrid 7\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("------< Interfaces >------\n Name = lan0\n   index = 2\n   IPv4 address = 10.12.14.4\n"
                        "   IPv6 address = fe80::4\n   MAC = 02:00:00:00:00:02\n"
                        "   MAC broadcast = ff:ff:ff:ff:ff:ff\n   State = UP, RUNNING\n"
                        "   Up debounce timer = 3000000us\n   Down debounce timer = 2000000us\n   MTU = 0\n"
                        "   HW Type = ETHERNET\n   Gratuitous ARP interval 100ms\n   Gratuitous NA interval 200ms\n"
                        "   Gratuitous ARP aggregation group 1\n   Tracking VRRP instances :\n     LAN, weight 0\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("   Gratuitous NA interval 5ms\n   Tracking VRRP instances :\n     LAN, weight 10\n"
                        "     WAN, weight 0\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find(" Name = lo\n   index = 9\n   IPv4 address = (none)\n   IPv6 address = (none)\n"
                        "   State = UP, not RUNNING, no broadcast, loopback, no multicast\n"
                        "   Up debounce timer = 0us\n   Down debounce timer = 0us\n   MTU = 65536\n"
                        "   HW Type = LOOPBACK\n"),
              std::string::npos)
        << text;
}

TEST(Dump, data_tells_of_processes_and_their_delays) {
    config::Config config;
    config::TrackedProcess process;
    process.name = "P";
    process.process = "cat";
    process.fork_delay = process.terminate_delay = 2s;
    config.processes = {process};
    Trackers trackers;
    trackers.configure(config);
    using State = ipc::TrackerState;
    (void)trackers.apply({State::Kind::process, "P", State::Health::down, 1, {}});
    const Dump dump(ipc::DumpForm::data, config);
    EXPECT_NE(dump.text({}, trackers)
                  .find(" VRRP Track process = P\n   Process = cat\n   Min processes = 1\n   Current processes = 1\n"
                        "   Have quorum = false\n   Weight = 0\n   Terminate delay = 2.000000s\n"
                        "   Fork delay = 2.000000s\n   Fork delay timer running\n"
                        "   Terminate delay timer not running\n   Full command = false\n"
                        "   Tracking instances :\n"),
              std::string::npos);
}

TEST(Dump, names_that_are_no_utf8_leave_it_readable) {
    auto config = instance();
    config.name = "a\xff\"b";
    Router router(config, {});
    EXPECT_EQ(Json::parse(dump(ipc::DumpForm::json, router))[0]["data"]["iname"], "a\xef\xbf\xbd\"b");
}

TEST(Dump, of_many_routers_is_a_list) {
    const auto config = instance();
    Router router(config, {});
    const config::Config whole;
    Dump dump(ipc::DumpForm::json, whole);
    for (int i = 0; i < 3; ++i) dump.add(router, router.troubles->faults, moment);
    EXPECT_EQ(Json::parse(dump.text({}, {})).size(), 3U);
}

// Of an instance with auth_hmac alone: 2.2.7, which has none, writes no such keys.
TEST(Dump, counts_of_auth_hmac_stand_behind_the_others) {
    auto instance = test::instance();
    const Router plain(instance, {});
    EXPECT_EQ(dump(ipc::DumpForm::json, plain).find("auth_ext"), std::string::npos);
    EXPECT_EQ(dump(ipc::DumpForm::stats, plain).find("Extension"), std::string::npos);
    instance.authentication.edit().hmac.keys.emplace_back();
    Router router(instance, {});
    router.troubles.edit().rejected[static_cast<std::size_t>(proto::Rejection::stale_hmac)] = 3;
    const auto stats = Json::parse(dump(ipc::DumpForm::json, router))[0]["stats"].dump();
    EXPECT_NE(stats.find(R"("auth_failure":3,"auth_ext_missing":0,"auth_ext_malformed":0,"auth_ext_unknown_key":0,)"
                         R"("auth_ext_invalid_hmac":0,"auth_ext_stale":3,"auth_ext_replay":0,"pri_zero_rcvd":0)"),
              std::string::npos)
        << stats;
    EXPECT_NE(dump(ipc::DumpForm::stats, router)
                  .find("  Authentication Extension Errors:\n    Missing: 0\n    Malformed: 0\n    Unknown Key: 0\n"
                        "    Invalid HMAC: 0\n    Stale: 3\n    Replay: 0\n  Priority Zero:\n"),
              std::string::npos);
}

TEST(Dump, version_2_has_processes_beside_the_instances) {
    config::Config config;
    config.json_version = 2;
    config::TrackedProcess plain, full;
    plain.name = "p";
    plain.process = "sshd";
    full.name = "q";
    full.process = "/usr/sbin/dnsmasq";
    full.parameters = {"-C", "/etc/x"};
    full.match = config::TrackedProcess::Match::initial;
    full.full_command = true;
    full.quorum = 2;
    full.quorum_max = 5;
    full.fork_delay = 500ms;
    full.terminate_delay = 2s;
    full.weight = -7;
    config.processes = {plain, full};
    auto instance = test::instance();
    instance.tracks = std::vector<config::Track>{{config::Track::Kind::process, false, -7, 1}};
    config.instances = {instance};
    const Router router(config.instances[0], {});
    Trackers trackers;
    trackers.configure(config);
    using State = ipc::TrackerState;
    (void)trackers.apply({State::Kind::process, "p", State::Health::up, 1, {}});
    (void)trackers.apply({State::Kind::process, "q", State::Health::down, 3, {}});
    Dump dump(ipc::DumpForm::json, config);
    dump.add(router, router.troubles->faults, moment);
    const auto text = dump.text({}, trackers);
    EXPECT_TRUE(text.ends_with("}\n"));
    const auto document = Json::parse(text);
    EXPECT_EQ(document["vrrp"].size(), 1u);
    EXPECT_EQ(document["vrrp"][0]["data"]["track_process"].dump(), R"(["q"])");
    EXPECT_EQ(document["track_process"].dump(),
              R"([{"process":"p","param_match":"none","min_processes":1,"current_processes":1,"have_quorum":true,)"
              R"("fork_delay_timer_running":false,"terminate_delay_timer_running":false,"full_command":false,)"
              R"("weight":0,"terminate_delay":0,"fork_delay":0},)"
              R"({"process":"q","parameters":"-C /etc/x","param_match":"initial","min_processes":2,"max_processes":5,)"
              R"("current_processes":3,"have_quorum":false,"fork_delay_timer_running":true,)"
              R"("terminate_delay_timer_running":false,"full_command":true,"weight":-7,"terminate_delay":2,)"
              R"("fork_delay":0.5}])");
}

// As 2.2.7 writes a group.
TEST(Dump, data_tells_of_groups) {
    config::Config config;
    config.instances = {test::instance()};
    config::SyncGroup group;
    group.name = "G";
    group.members = {0};
    group.mail = true;
    group.notify.edit().master = {{"/m.sh", "x"}, "", ""};
    config.sync_groups = {group};
    const Dump dump(ipc::DumpForm::data, config);
    const auto text = dump.text({{&config.sync_groups[0], DumpedState::master, 0, 0}}, {});
    EXPECT_NE(text.find("------< VRRP Sync groups >------\n VRRP Sync Group = G, MASTER\n"
                        "   Num member fault 0, num member init 0\n   VRRP member instances :\n     " +
                        config.instances[0].name +
                        "\n   Using smtp notification = yes\n   Master state transition script = '/m.sh' 'x'\n"),
              std::string::npos)
        << text;
}

}  // namespace
}  // namespace vrrpd::engine::dump_test
