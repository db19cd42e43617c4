// The walker: goes through the lines block by block with the keyword tables and calls their handlers. Handlers see
// it as the place to take arguments from and to put faults to. Internal to vrrpd/config.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "vrrpd/config/draft.hpp"
#include "vrrpd/config/keywords.hpp"
#include "vrrpd/config/values.hpp"

namespace vrrpd::config {

// A keyword with its words (or one item of a list).
struct Statement {
    const Keyword& keyword;
    const Line& line;
    std::size_t index;  // of the line

    [[nodiscard]] std::size_t size() const { return line.words.size(); }
    [[nodiscard]] const std::string& word(std::size_t n) const { return line.words[n].text; }
    [[nodiscard]] Place place(std::size_t n = 0) const { return {index, n}; }
};

class Reader {
public:
    Reader(const std::vector<Line>& lines, std::string_view id) : id_(id), lines_(lines) {}

    void read_all();
    [[nodiscard]] std::vector<Fault> take_faults();
    [[nodiscard]] bool balanced() const { return balanced_; }

    // ---- for handlers ----
    [[nodiscard]] Draft& draft() { return draft_; }
    [[nodiscard]] InstanceDraft& instance() { return draft_.instances.back(); }
    [[nodiscard]] SyncGroupDraft& group() { return draft_.groups.back(); }
    [[nodiscard]] GatewayDraft& gateway() { return draft_.gateways.back(); }
    // The vrrp_script, track_file, ... whose block is being read.
    void open_tracker(TrackerDraft& tracker) { tracker_ = &tracker; }
    [[nodiscard]] TrackerDraft& tracker() { return *tracker_; }
    // Inside a vrrp_sync_group (whose keywords an instance has, too).
    [[nodiscard]] bool in_group() const { return block_ == Block::sync_group; }
    // Whether an address of this family fits the instance; says so if not.
    [[nodiscard]] bool accept_family(Family family, Place place);
    [[nodiscard]] const std::string& id() const { return id_; }

    void fault(Severity severity, Place place, std::string text);
    void fatal(Severity severity, Place place, std::string text);  // prevents a start
    // Once for each `about`.
    void warn_once(const std::string& about, Place place, std::string text);

    // The statement's argument by the range in its table; a fault and nullopt if it is not that.
    [[nodiscard]] std::optional<std::int64_t> integer(const Statement& statement);
    [[nodiscard]] std::optional<std::int64_t> millionths(const Statement& statement);
    [[nodiscard]] std::optional<bool> boolean(const Statement& statement);  // absent: true
    [[nodiscard]] std::optional<IpAddress> address(const Statement& statement);
    [[nodiscard]] bool choice(const Statement& statement);  // whether it is one of them

    // Reads or skips the block that this statement opens.
    void enter(const Statement& statement);
    void skip(const Statement& statement);

private:
    void walk(Block block, Place opened);
    void say_twice(Block block, std::size_t index, std::set<std::string_view>& seen);
    void statement(Block block, const Line& line, std::size_t index);
    void unknown(Block block, const Line& line, std::size_t index);
    void open_block(const Statement& statement);
    void items(const Statement& statement);
    void check_value(const Statement& statement);
    void say_support(const Statement& statement);
    [[nodiscard]] bool missing(const Statement& statement);
    [[nodiscard]] bool expect_brace(const Statement& statement);
    void skip_balanced();
    void never_closed(Place opened, std::string_view name, bool prevents_start);
    void look_for_swallowed(std::size_t index);
    [[nodiscard]] bool at(std::string_view brace) const;
    void add(Severity severity, Place place, std::string text, bool prevents_start);

    std::string id_;
    const std::vector<Line>& lines_;
    std::size_t next_ = 0;
    bool balanced_ = true;
    std::vector<std::size_t> swallowed_;  // lines inside a block that would open another one at the top level
    Draft draft_;
    TrackerDraft* tracker_ = nullptr;
    Block block_ = Block::root;
    struct Placed {
        Place place;
        Fault fault;
    };
    std::vector<Placed> faults_;
    std::size_t not_shown_ = 0;
    bool hidden_prevents_start_ = false;
    std::set<std::string> warned_;
};

// After the text: defaults and references; then what can be judged only as a whole.
void resolve(Reader& reader);
void resolve_virtual_macs(Reader& reader);  // after the instances, whose devices must not collide
void resolve_tracks(Reader& reader);        // after the instances that track
void resolve_bfd(Reader& reader);           // after the tracks
void resolve_notification(Reader& reader);  // likewise
void resolve_statics(Reader& reader);
void resolve_garp_groups(Reader& reader);
void resolve_sync_groups(Reader& reader);  // after the instances that are their members
void validate(Reader& reader);
void resolve_gateways(Reader& reader);
void resolve_dns_failovers(Reader& reader);  // after the gateways that they follow
void resolve_dhcp_sync(Reader& reader);      // likewise
void resolve_authentication(Reader& reader, InstanceDraft& draft);
void enforce_strict(Reader& reader, InstanceDraft& draft);  // before everything else of the instance

// Block openers.
void open_instance(Reader& reader, const Statement& statement);
void open_sync_group(Reader& reader, const Statement& statement);
void open_authentication(Reader& reader, const Statement& statement);
void open_auth_hmac(Reader& reader, const Statement& statement);
void open_gateway(Reader& reader, const Statement& statement);
void open_peer_link(Reader& reader, const Statement& statement);
void open_dns_failover(Reader& reader, const Statement& statement);
void open_dhcp_sync(Reader& reader, const Statement& statement);

void open_vrrp_script(Reader& reader, const Statement& statement);
void open_track_process(Reader& reader, const Statement& statement);
void open_track_file(Reader& reader, const Statement& statement);
void open_bfd_instance(Reader& reader, const Statement& statement);

// Items of lists.
void read_virtual_address(Reader& reader, const Statement& item);
void read_excluded_address(Reader& reader, const Statement& item);
void read_static_address(Reader& reader, const Statement& item);
void read_virtual_route(Reader& reader, const Statement& item);
void read_static_route(Reader& reader, const Statement& item);
void read_virtual_rule(Reader& reader, const Statement& item);
void read_static_rule(Reader& reader, const Statement& item);
void read_tracked_interface(Reader& reader, const Statement& item);
void read_tracked_dns(Reader& reader, const Statement& item);
void read_tracked_script(Reader& reader, const Statement& item);
void read_tracked_file(Reader& reader, const Statement& item);
void read_tracked_process(Reader& reader, const Statement& item);
void read_tracked_bfd(Reader& reader, const Statement& item);
void read_interface_delay(Reader& reader, const Statement& item);
void open_track_group(Reader& reader, const Statement& statement);
// Of a static entry: its track_group, or none, and the device that it needs.
struct StaticTrack {
    std::string group;
    std::string device;
    bool no_track = false;
    bool needs_device = true;  // there is no default for it
};
void track_static(Reader& reader, const Statement& item, const StaticTrack& track);

}  // namespace vrrpd::config
