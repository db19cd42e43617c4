// The engine's one place to ask the kernel for anything and to hear what changed: the writer's tickets with
// who waits for them, the monitors, the picture, and the audit that puts the picture right every 30 s, after
// an overrun, and shortly after anything that makes routes vanish without an event.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "netlink/monitor.hpp"
#include "netlink/nft/tables.hpp"
#include "vrrpd/base/log.hpp"
#include "vrrpd/base/loop.hpp"
#include "vrrpd/engine/core/world.hpp"
#include "vrrpd/engine/writer.hpp"

namespace vrrpd::engine {

class KernelDesk {
public:
    // What the engine does with news.
    struct Handlers {
        std::function<void(const std::vector<netlink::Change>&)> changed;  // the picture has them already
        std::function<void()> audited;                                     // the picture was read anew
        std::function<void(const netlink::nft::RulesetMonitor::Seen&)> rules_changed;
        // Before the picture takes them in: devices as they are now, some of them new, or with another name.
        std::function<void(const std::vector<netlink::Link>&)> links_coming = {};
    };

    // What is asked, and what tells of changes. Without a monitor whoever owns the kernel, a model, tells: take().
    struct Parts {
        std::unique_ptr<netlink::Kernel> kernel;
        std::unique_ptr<netlink::nft::Tables> tables = nullptr;
        std::optional<netlink::Monitor> monitor = {};
        std::optional<netlink::nft::RulesetMonitor> rules = {};
    };

    // Opens everything and reads the first picture before it returns. `observe`: nothing is ever written; tasks
    // that would are dropped, and never answered. Fails with EPERM without CAP_NET_ADMIN.
    [[nodiscard]] static Result<std::unique_ptr<KernelDesk>> open(Loop& loop, Log& log, bool observe);
    [[nodiscard]] static Result<std::unique_ptr<KernelDesk>> over(Parts parts, Loop& loop, Log& log, bool observe);
    KernelDesk(const KernelDesk&) = delete;
    KernelDesk& operator=(const KernelDesk&) = delete;
    ~KernelDesk();

    void set_handlers(Handlers handlers) { handlers_ = std::move(handlers); }
    [[nodiscard]] const World& world() const { return world_; }
    // Routes that are not of interest are neither held nor told of. Those that have become so are read soon.
    void follow_routes(netlink::RouteInterest interest);
    // What a wave of changes needed for a moment goes back.
    void tidy() { world_.tidy(); }
    // All false: no nf_tables.
    [[nodiscard]] const netlink::nft::Abilities& abilities() const { return abilities_; }
    [[nodiscard]] bool has_tables() const { return abilities_.nf_tables; }
    [[nodiscard]] bool observes() const { return observe_; }

    using Done = std::function<void(const Outcome&)>;
    // Tasks are carried out in the order of the calls, but for pictures and inspections, which wait until nothing else
    // is to be done. `done` may be empty; when it is called, the picture has what the task changed.
    void ask(Task task, Done done = {});
    // In batches of at most 64, so that deadlines are served between them; `done` with all results, in order.
    void apply(std::vector<netlink::Request> requests, std::function<void(const std::vector<Result<void>>&)> done = {});

    // What is asked between the two is carried out after the second, in the order of the calls.
    void hold() { writer_.hold(true); }
    void resume() { writer_.hold(false); }

    // Reads everything again, soon (many wishes in one turn are one audit).
    void audit_soon(Instant now);
    void audit_at(Instant at);
    [[nodiscard]] Deadline next_deadline() const { return audit_at_; }
    void step(Instant now);

    // The picture has all that changed so far when it returns; the handlers are not told.
    void catch_up();

    // What changed in the kernel.
    void take(std::vector<netlink::Change> changes);

    // At the ordered end: until all that was asked is done, and what the answers made us ask for.
    bool drain(std::chrono::milliseconds at_most);

private:
    KernelDesk(Loop& loop, Log& log, Parts parts, bool observe);
    bool read_completions();                            // false: there were none
    void learn(std::vector<netlink::Change>& changes);  // leaves out what concerns nobody
    void tell(const std::vector<netlink::Change>& changes);
    void announce_links(const std::vector<netlink::Change>& changes) const;

    Log& log_;
    bool observe_;
    netlink::nft::Abilities abilities_;
    World world_;
    Handlers handlers_;
    std::optional<netlink::Monitor> monitor_;
    std::optional<netlink::nft::RulesetMonitor> rules_;
    Writer writer_;
    std::unordered_map<std::uint64_t, Done> waiting_;
    Deadline audit_at_;
    Duration audit_pause_;  // before one that somebody wishes for: longer where it takes long
    bool audit_running_ = false;
    std::vector<netlink::Change> since_audit_began_;  // younger than the picture that is being read
    Loop& loop_;
    std::vector<Loop::Watch> watches_;
};

}  // namespace vrrpd::engine
