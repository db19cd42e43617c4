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

constexpr int commit_tries = 20;
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
        return put_right();
    }

    Result<void> install_fence(std::span<const GatewayRules> gateways) override {
        fence_for({gateways.begin(), gateways.end()});
        return put_right();
    }

    Result<void> remove_fence() override {
        fence_for({});
        opened_.clear();
        return put_right();
    }

    Result<void> refuse(std::span<const Refused> addresses) override {
        refusals_.managed = true;
        refusals_.wanted = compile_refusals(addresses);
        return put_right();
    }

    Result<void> open_fence(const std::string& gateway, std::chrono::milliseconds lifetime) override {
        const bool opens = lifetime.count() > 0;
        const auto* rules = fenced_gateway(gateway);
        if (!rules && opens) return fail(ENOENT, "open the fence of " + gateway + ", which has none");
        choose_fence_place();
        // An emptied set and a new element in one batch renew it; a plain add would leave the old deadline.
        Batch batch;
        batch.flush_set(fence_.id, open_set_name(gateway));
        if (opens)
            for (const auto& device : lan_devices(*rules))
                batch.add_timed(fence_.id, open_set_name(gateway), device_key(device), lifetime);
        opened_[gateway] = vrrpd::boot_now() + lifetime;
        return commit(batch);
    }

    std::vector<std::string> pending() const override { return absent_; }

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

    Result<std::vector<Obstacle>> obstacles(std::span<const Served> gateways) override {
        return find_obstacles(connection_, gateways);
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

    const GatewayRules* fenced_gateway(const std::string& name) const {
        const auto found = std::find_if(fenced_.begin(), fenced_.end(),
                                        [&](const GatewayRules& gateway) { return gateway.name == name; });
        return found == fenced_.end() || found->lans.empty() ? nullptr : &*found;
    }

    // The fence depends on which lan devices exist now, unless the kernel lets a chain wait for its device.
    void compile_the_fence() {
        if (!fence_.managed) return;
        absent_.clear();
        const auto able = abilities();
        const auto place = able.netdev_egress ? FencePlace::egress : FencePlace::output;
        if (place == FencePlace::egress && !able.late_devices)
            for (const auto& gateway : fenced_)
                for (const auto& device : lan_devices(gateway))
                    if (::if_nametoindex(device.c_str()) == 0) absent_.push_back(device);
        fence_.wanted = compile_fence(fenced_, place, absent_);
    }

    // One attempt reads, compares and, where something differs, writes on the condition that nobody wrote meanwhile;
    // the next one finds everything as it should be and ends it.
    Result<void> put_right() {
        bool rebuild = false;
        for (int attempt = 0; attempt < commit_tries; ++attempt) {
            compile_the_fence();
            const auto generation = connection_.generation();
            if (!generation) return tl::unexpected(generation.error());
            Batch batch(*generation);
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
        for (const auto& name : plan(batch, part.id, *standing, part.wanted, rebuild))
            reopen(batch, part.id, name, open);
        return {};
    }

    using TimedState = std::map<std::string, TimedElements>;

    // A new open set starts as the old one ended; where a `flush ruleset` took the old one, as we left it.
    void reopen(Batch& batch, const TableId& table, const std::string& set, const TimedState& before) {
        if (const auto found = before.find(set); found != before.end()) {
            for (const auto& [device, left] : found->second) batch.add_timed(table, set, device, left);
            return;
        }
        for (const auto& gateway : fenced_) {
            const auto open = opened_.find(gateway.name);
            if (open_set_name(gateway.name) != set || open == opened_.end()) continue;
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(open->second - vrrpd::boot_now());
            if (left.count() <= 0) continue;
            for (const auto& device : lan_devices(gateway)) batch.add_timed(table, set, device_key(device), left);
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

    // What stands after our commit is remembered, rule by rule, if it is still our commit that stands.
    Result<void> remember(std::uint32_t ours) {
        for (auto* part : {&rules_, &fence_, &refusals_}) {
            if (!part->managed) continue;
            auto standing = read_steadily(part->id);
            if (!standing) return tl::unexpected(standing.error());
            part->seen = std::move(*standing);
        }
        const auto now = connection_.generation();
        if (!now) return tl::unexpected(now.error());
        if (*now != ours) rules_.seen = fence_.seen = refusals_.seen = std::nullopt;
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
    std::vector<std::string> absent_;
    std::map<std::string, vrrpd::Instant> opened_;  // until when, by gateway
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
