#include "netlink/nft/tables.hpp"

#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <thread>
#include <utility>

#include "netlink/nft/abilities.hpp"
#include "netlink/nft/compile.hpp"
#include "netlink/nft/obstacles.hpp"
#include "netlink/nft/real_tables.hpp"
#include "netlink/nft/standing.hpp"
#include "vrrpd/base/loop.hpp"

namespace netlink::nft {

using vrrpd::fail;

namespace {

constexpr int readings = 5;
constexpr std::chrono::milliseconds between_readings{30};

constexpr int foreign_tries = 3;

constexpr int commit_tries = 20;
constexpr int conditional_tries = 5;
constexpr int error_restart = 85;  // ERESTART: the rules changed between our reading and our writing

// One of our tables: what it should say, and what it said when we last put it right.
struct Part {
    TableId id;
    bool managed = false;
    std::optional<Table> wanted;
    std::optional<Standing> seen;

    // Not managed: nobody asked for it or for its absence yet.
    bool stands_as(const Standing& standing) const {
        if (!managed) return true;
        if (!seen || !wanted) return looks_like(standing, wanted);
        return *seen == standing && standing.chains.count(marker(*wanted)) != 0;
    }
};

class RealTables final : public Tables {
public:
    RealTables(Connection connection, std::optional<Abilities> abilities)
        : connection_(std::move(connection)), abilities_(abilities) {}

    Abilities abilities() override {
        if (!abilities_) abilities_ = detect(connection_);
        return *abilities_;
    }

    Result<void> install(std::span<const GatewayRules> gateways) override {
        rules_.managed = true;
        rules_.wanted = compile(gateways);
        if (!gateways.empty()) fence_for({gateways.begin(), gateways.end()});
        learn_openings();
        auto done = put_right();
        if (done || gateways.empty()) return done;
        // The fence at least: a host that cannot be the gateway is silent all the same.
        rules_.managed = false;
        (void)put_right();
        rules_.managed = true;
        return done;
    }

    Result<void> install_fence(std::span<const GatewayRules> gateways) override {
        fence_for({gateways.begin(), gateways.end()});
        return put_right();
    }

    Result<bool> remove_fence() override {
        fence_for({});
        opened_.clear();
        const auto standing = read(connection_, fence_.id);
        if (!standing) return tl::unexpected(standing.error());
        if (auto done = put_right(); !done) return tl::unexpected(done.error());
        return standing->exists;
    }

    Result<void> refuse(std::span<const Refused> addresses) override {
        refusals_.managed = true;
        refusals_.wanted = compile_refusals(addresses);
        return put_right();
    }

    Result<bool> open_fence(const std::string& gateway, std::chrono::milliseconds lifetime) override {
        const bool opens = lifetime.count() > 0;
        if (!fenced_gateway(gateway) && opens) return fail(ENOENT, "open the fence of " + gateway + ", which has none");
        choose_fence_place();
        auto& opening = opened_[gateway];
        opening.shut = !opens;
        if (opens) opening.until = vrrpd::boot_now() + lifetime;
        const auto done = set_open(gateway, {&fence_, &rules_}, lifetime);
        if (done || done.error().code != ENOENT) return done.map([] { return false; });
        // Somebody took a table of ours away, and we have not heard of it yet.
        if (opens && put_right()) return set_open(gateway, {&fence_, &rules_}, lifetime).map([] { return true; });
        (void)set_open(gateway, {&rules_}, lifetime);
        return set_open(gateway, {&fence_}, lifetime).map([] { return false; });
    }

    Result<bool> intact() override {
        compile_the_fence();
        for (const auto* part : {&rules_, &fence_, &refusals_}) {
            if (!part->managed) continue;
            // A large map may be read while the kernel still rearranges it, in pieces and for a while: a difference
            // counts when it stays.
            bool stands = false;
            for (int reading = 0; reading < readings && !stands; ++reading) {
                if (reading > 0) std::this_thread::sleep_for(between_readings);
                const auto standing = read(connection_, part->id);
                if (!standing) return tl::unexpected(standing.error());
                stands = part->stands_as(*standing);
            }
            if (!stands) return false;
        }
        return true;
    }

    using Tables::obstacles;
    Result<std::vector<Obstacle>> obstacles(std::span<const Served> gateways, const Hurried& hurried) override {
        // A connection of its own: what is given up leaves the rest of an answer behind. And few tries: others change
        // their rules again and again, and each change is looked at anyway.
        auto connection = Connection::open({foreign_tries, hurried});
        if (!connection) return tl::unexpected(connection.error());
        return find_obstacles(*connection, gateways);
    }

    std::uint32_t port() const override { return connection_.port(); }

private:
    void fence_for(std::vector<GatewayRules> gateways) {
        fenced_ = std::move(gateways);
        fence_.managed = true;
        choose_fence_place();
    }

    void choose_fence_place() {
        if (!abilities().netdev_egress) fence_.id = {TableFamily::inet, output_fence_name};
    }

    // Of the engine before us, whose rules may have been others: it is the gateway for as long as its fence is open.
    void learn_openings() {
        for (const auto& gateway : fenced_) {
            const auto [known, is_new] = opened_.try_emplace(gateway.name);
            if (!is_new) continue;
            const auto elements = read_timed(connection_, fence_.id, open_set_name(gateway.name));
            if (!elements) continue;
            for (const auto& [device, left] : *elements)
                known->second = {std::max(known->second.until, vrrpd::boot_now() + left), false};
        }
    }

    // An emptied set and a new element in one batch renew it; a plain add would leave the old deadline.
    Result<void> set_open(const std::string& gateway, std::initializer_list<const Part*> parts,
                          std::chrono::milliseconds lifetime) {
        const bool opens = lifetime.count() > 0;
        Batch batch;
        for (const auto* part : parts)
            for (const auto& set : opened_sets(*part, gateway)) {
                if (!opens && set == translating_set_name(gateway)) continue;  // ends by itself
                batch.flush_set(part->id, set);
                if (!opens) continue;
                for (const auto& device : devices_of(*part, gateway))
                    batch.add_timed(part->id, set, device_key(device), lifetime);
            }
        return batch.empty() ? Result<void>() : commit(batch);
    }

    // The timed sets that say whether this gateway acts. The fence's may be one that another process installed.
    std::vector<std::string> opened_sets(const Part& part, const std::string& gateway) const {
        if (&part == &fence_) return {open_set_name(gateway)};
        std::vector<std::string> found;
        for (const auto& name : {active_set_name(gateway), translating_set_name(gateway)})
            if (part.wanted && std::any_of(part.wanted->sets.begin(), part.wanted->sets.end(),
                                           [&](const Set& set) { return name_of(set) == name; }))
                found.push_back(name);
        return found;
    }
    std::vector<std::string> devices_of(const Part& part, const std::string& gateway) const {
        const auto* rules = fenced_gateway(gateway);
        if (!rules) return {};
        return &part == &fence_ ? lan_devices(*rules) : active_devices(*rules);
    }

    const GatewayRules* fenced_gateway(const std::string& name) const {
        const auto found = std::find_if(fenced_.begin(), fenced_.end(),
                                        [&](const GatewayRules& gateway) { return gateway.name == name; });
        return found == fenced_.end() || found->lans.empty() ? nullptr : &*found;
    }

    // The fence depends on which lan devices exist now, unless the kernel lets a chain wait for its device.
    void compile_the_fence() {
        if (!fence_.managed) return;
        std::vector<std::string> absent;
        const auto able = abilities();
        const auto place = able.netdev_egress ? FencePlace::egress : FencePlace::output;
        if (place == FencePlace::egress && !able.late_devices)
            for (const auto& gateway : fenced_)
                for (const auto& device : lan_devices(gateway))
                    if (::if_nametoindex(device.c_str()) == 0) absent.push_back(device);
        fence_.wanted = compile_fence(fenced_, place, absent);
    }

    // One attempt reads, compares and, where something differs, writes on the condition that nobody wrote meanwhile;
    // the next one finds everything as it should be and ends it. Others may write a thousand times a second, mostly not
    // to our tables: then the condition is dropped, and the kernel refuses what does not fit.
    Result<void> put_right() {
        bool rebuild = false;
        for (int attempt = 0; attempt < commit_tries; ++attempt) {
            compile_the_fence();
            const auto generation = connection_.generation();
            if (!generation) return tl::unexpected(generation.error());
            Batch batch(attempt < conditional_tries ? std::optional(*generation) : std::nullopt);
            for (auto* part : {&rules_, &fence_, &refusals_})
                if (auto added = add_to(batch, *part, rebuild); !added) return added;
            if (batch.empty()) return {};
            const auto done = commit(batch);
            if (done) {
                if (auto seen = remember(*generation + 1); !seen) return seen;
                if (settled()) return {};
                continue;
            }
            if (!worth_another_try(done.error().code)) return done;
            rebuild = rebuild || done.error().code == EBUSY || done.error().code == EEXIST;
        }
        return fail(error_restart, "install the gateway's rules: others kept changing the rule set");
    }

    // ENOENT: a device went between our look and the kernel's. EBUSY, EEXIST: somebody else's rule holds on to, or
    // stands in the place of, an object inside our table; then the table is made anew.
    static bool worth_another_try(int code) {
        return code == error_restart || code == EAGAIN || code == EINTR || code == ENOENT || code == EBUSY ||
               code == EEXIST;
    }

    Result<void> add_to(Batch& batch, Part& part, bool rebuild) {
        if (!part.managed) return {};
        const auto standing = read(connection_, part.id);
        if (!standing) return tl::unexpected(standing.error());
        if (part.stands_as(*standing)) {
            part.seen = *standing;
            return {};
        }
        part.seen.reset();
        TimedState open;
        for (const auto& [name, set] : standing->sets) {
            if (!(set.shape.flags & timed_set)) continue;
            auto elements = read_timed(connection_, part.id, name);
            if (!elements) return tl::unexpected(elements.error());
            open[name] = std::move(*elements);
        }
        for (const auto& name : plan(batch, part.id, *standing, part.wanted, rebuild)) reopen(batch, part, name, open);
        return {};
    }

    using TimedState = std::map<std::string, TimedElements>;

    // A new open set starts as the old one ended; where a `flush ruleset` took the old one, or there was none, as we
    // left it.
    void reopen(Batch& batch, const Part& part, const std::string& set, const TimedState& before) {
        if (const auto found = before.find(set); found != before.end()) {
            for (const auto& [device, left] : found->second) batch.add_timed(part.id, set, device, left);
            return;
        }
        for (const auto& [gateway, opening] : opened_) {
            const auto sets = opened_sets(part, gateway);
            if (std::find(sets.begin(), sets.end(), set) == sets.end()) continue;
            if (opening.shut && set != translating_set_name(gateway)) continue;
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(opening.until - vrrpd::boot_now());
            if (left.count() <= 0) continue;
            for (const auto& device : devices_of(part, gateway))
                batch.add_timed(part.id, set, device_key(device), left);
        }
    }

    // Right after a large map was filled the kernel still rearranges it: what is read twice alike is what stands.
    Result<Standing> read_steadily(const TableId& table) {
        auto standing = read(connection_, table);
        for (int reading = 1; standing && reading < readings; ++reading) {
            auto again = read(connection_, table);
            if (!again || *again == *standing) return again;
            standing = std::move(again);
            std::this_thread::sleep_for(between_readings);
        }
        return standing;
    }

    // What stands after our commit is remembered, rule by rule, if it is still our commit that stands, or looks like
    // it.
    Result<void> remember(std::uint32_t ours) {
        for (auto* part : {&rules_, &fence_, &refusals_}) {
            if (!part->managed) continue;
            auto standing = read_steadily(part->id);
            if (!standing) return tl::unexpected(standing.error());
            part->seen = std::move(*standing);
        }
        const auto now = connection_.generation();
        if (!now) return tl::unexpected(now.error());
        if (*now == ours) return {};
        for (auto* part : {&rules_, &fence_, &refusals_})
            if (part->seen && !looks_like(*part->seen, part->wanted)) part->seen.reset();
        return {};
    }

    bool settled() const {
        return (!rules_.managed || rules_.seen) && (!fence_.managed || fence_.seen) &&
               (!refusals_.managed || refusals_.seen);
    }

    Result<void> commit(Batch& batch) { return connection_.commit(batch); }

    static constexpr std::uint32_t timed_set = 0x10;  // NFT_SET_TIMEOUT

    Connection connection_;
    std::optional<Abilities> abilities_;
    Part rules_{{TableFamily::inet, table_name}, false, {}, {}};
    Part fence_{{TableFamily::netdev, table_name}, false, {}, {}};
    Part refusals_{{TableFamily::inet, refusals_name}, false, {}, {}};
    std::vector<GatewayRules> fenced_;
    struct Opening {
        vrrpd::Instant until{};
        bool shut = true;  // since
    };
    std::map<std::string, Opening> opened_;  // by gateway
};

}  // namespace

std::unique_ptr<Tables> make_tables(Connection connection, std::optional<Abilities> abilities) {
    return std::make_unique<RealTables>(std::move(connection), abilities);
}

Result<std::unique_ptr<Tables>> open_tables() {
    auto connection = Connection::open();
    if (!connection) return tl::unexpected(connection.error());
    return make_tables(std::move(*connection), std::nullopt);
}

}  // namespace netlink::nft
