#include "vrrpd/engine/kernel_desk.hpp"

#include <algorithm>
#include <utility>

#include "netlink/ct/purge.hpp"
#include "netlink/rtnetlink.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration audit_interval = std::chrono::seconds(30);
constexpr unsigned changes_a_turn = 64;  // more wait for the next turn, so timers are served
// A completion waits for those before it. What 1,000 addresses with their routes bring: a flood of others' is let be.
constexpr unsigned changes_before_a_completion = 4096;
constexpr Duration audit_soon_delay = std::chrono::milliseconds(50);
constexpr Duration longest_audit_pause = std::chrono::seconds(5);
constexpr int audit_share = 10;  // of the writer's time at most one part in so many goes into audits

bool writes(const Task& task) {
    return !std::holds_alternative<ReadPicture>(task) && !std::holds_alternative<AskNeighbour>(task) &&
           !std::holds_alternative<InspectRules>(task) && !std::holds_alternative<AskSwitches>(task);
}

}  // namespace

Result<std::unique_ptr<KernelDesk>> KernelDesk::open(Loop& loop, Log& log, bool observe) {
    auto kernel = netlink::open_rtnetlink();
    if (!kernel) return tl::unexpected(kernel.error());
    auto monitor = netlink::Monitor::open();  // before the picture: no change falls between
    if (!monitor) return tl::unexpected(monitor.error());
    Parts parts{.kernel = std::move(*kernel), .monitor = std::move(*monitor)};
    if (auto tables = netlink::nft::open_tables(); tables && (*tables)->abilities().nf_tables)
        parts.tables = std::move(*tables);
    if (parts.tables)
        if (auto rules = netlink::nft::RulesetMonitor::open(parts.tables->port()))
            parts.rules.emplace(std::move(*rules));
    return over(std::move(parts), loop, log, observe);
}

Result<std::unique_ptr<KernelDesk>> KernelDesk::over(Parts parts, Loop& loop, Log& log, bool observe) {
    auto picture = parts.kernel->snapshot();
    if (!picture) return tl::unexpected(picture.error());
    std::unique_ptr<KernelDesk> desk(new KernelDesk(loop, log, std::move(parts), observe));
    desk->world_.reset(std::move(*picture));
    return desk;
}

KernelDesk::KernelDesk(Loop& loop, Log& log, Parts parts, bool observe)
    : log_(log),
      observe_(observe),
      abilities_(parts.tables ? parts.tables->abilities() : netlink::nft::Abilities{}),
      monitor_(std::move(parts.monitor)),
      rules_(std::move(parts.rules)),
      writer_(std::move(parts.kernel), std::move(parts.tables), netlink::ct::purge),
      audit_at_(loop.now() + audit_interval),
      audit_pause_(audit_soon_delay),
      loop_(loop) {
    if (monitor_)
        watches_.push_back(loop.on_readable(monitor_->fd(), [this] { take(monitor_->read(changes_a_turn)); }));
    watches_.push_back(loop.on_readable(writer_.fd(), [this] { (void)read_completions(); }));
    if (rules_)
        watches_.push_back(loop.on_readable(rules_->fd(), [this] {
            const auto seen = rules_->read();
            if (handlers_.rules_changed) handlers_.rules_changed(seen);
        }));
}

KernelDesk::~KernelDesk() = default;

void KernelDesk::ask(Task task, Done done) {
    if (observe_ && writes(task)) return;
    const auto ticket = writer_.submit(std::move(task));
    if (done) waiting_.emplace(ticket, std::move(done));
}

void KernelDesk::apply(std::vector<netlink::Request> requests,
                       std::function<void(const std::vector<Result<void>>&)> done) {
    // The batches answer one by one; the last answer completes the whole.
    struct Whole {
        std::vector<Result<void>> results;
        std::size_t expected;
        std::function<void(const std::vector<Result<void>>&)> done;
    };
    auto whole = std::make_shared<Whole>(Whole{{}, requests.size(), std::move(done)});
    if (requests.empty() && whole->done) whole->done({});
    for (std::size_t from = 0; from < requests.size(); from += netlink::requests_in_flight) {
        const auto to = std::min(requests.size(), from + netlink::requests_in_flight);
        const auto at = [&](std::size_t index) { return requests.begin() + static_cast<std::ptrdiff_t>(index); };
        ask(ApplyRequests{{std::make_move_iterator(at(from)), std::make_move_iterator(at(to))}},
            [whole](const Outcome& outcome) {
                const auto& part = std::get<Applied>(outcome).results;
                whole->results.insert(whole->results.end(), part.begin(), part.end());
                if (whole->results.size() == whole->expected && whole->done) whole->done(whole->results);
            });
    }
}

void KernelDesk::audit_at(Instant at) { audit_at_ = earlier(audit_at_, at); }
void KernelDesk::audit_soon(Instant now) { audit_at(now + audit_pause_); }

bool KernelDesk::drain(std::chrono::milliseconds at_most) {
    const auto end = boot_now() + at_most;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - boot_now());
        if (!writer_.drain(std::max(left, std::chrono::milliseconds(0)))) return false;
        if (!read_completions()) return true;
    }
}

void KernelDesk::step(Instant now) {
    if (!audit_at_ || now < *audit_at_) return;
    if (audit_running_) {
        audit_at_.reset();  // again as soon as this one is through
        return;
    }
    audit_at_ = now + audit_interval;
    audit_running_ = true;
    since_audit_began_.clear();
    const auto began = loop_.now();
    ask(ReadPicture{world_.interest()}, [this, began, interest = world_.interest()](const Outcome& outcome) {
        audit_running_ = false;
        audit_pause_ = std::clamp((audit_share - 1) * (loop_.now() - began), audit_soon_delay, longest_audit_pause);
        if (!audit_at_) audit_soon(loop_.now());
        const auto& snapshot = std::get<Picture>(outcome).snapshot;
        if (!snapshot) {
            log_.error("the audit of addresses and routes failed: {}", snapshot.error().describe());
            return;
        }
        if (handlers_.links_coming) handlers_.links_coming(snapshot->links);
        world_.reset(*snapshot, interest);
        announce_links(since_audit_began_);
        for (const auto& change : since_audit_began_) world_.apply(change);
        if (handlers_.audited) handlers_.audited();
    });
}

void KernelDesk::follow_routes(netlink::RouteInterest interest) {
    if (interest == world_.interest()) return;
    if (monitor_)
        if (const auto filtered = monitor_->follow(interest); !filtered)
            log_.warning("{}: every change of a foreign route wakes this process", filtered.error().describe());
    world_.follow(std::move(interest));
    audit_soon(loop_.now());
}

void KernelDesk::catch_up() {
    if (!monitor_) return;
    for (auto changes = monitor_->read(changes_a_turn); !changes.empty(); changes = monitor_->read(changes_a_turn))
        for (const auto& change : changes)
            if (world_.is_concerned_by(change)) world_.apply(change);
}

void KernelDesk::take(std::vector<netlink::Change> changes) {
    learn(changes);
    tell(changes);
}

void KernelDesk::learn(std::vector<netlink::Change>& changes) {
    std::erase_if(changes, [this](const netlink::Change& change) { return !world_.is_concerned_by(change); });
    const auto overrun = std::any_of(changes.begin(), changes.end(), [](const netlink::Change& change) {
        return std::holds_alternative<netlink::Overrun>(change);
    });
    if (overrun) {
        log_.warning("the kernel's event queue overran: reading everything again");
        audit_soon(loop_.now());
    }
    announce_links(changes);
    for (const auto& change : changes) world_.apply(change);
    if (audit_running_) since_audit_began_.insert(since_audit_began_.end(), changes.begin(), changes.end());
}

void KernelDesk::tell(const std::vector<netlink::Change>& changes) {
    if (!changes.empty() && handlers_.changed) handlers_.changed(changes);
}

void KernelDesk::announce_links(const std::vector<netlink::Change>& changes) const {
    std::vector<netlink::Link> links;
    for (const auto& change : changes)
        if (const auto* changed = std::get_if<netlink::LinkChanged>(&change)) links.push_back(changed->link);
    if (!links.empty() && handlers_.links_coming) handlers_.links_coming(links);
}

// The kernel told of what it did before it answered: whoever hears of the answer finds it in the picture.
bool KernelDesk::read_completions() {
    const auto completions = writer_.completions();
    if (completions.empty()) return false;
    auto changes = monitor_ ? monitor_->read(changes_before_a_completion) : std::vector<netlink::Change>{};
    learn(changes);
    for (const auto& completion : completions) {
        const auto at = waiting_.find(completion.ticket);
        if (at == waiting_.end()) continue;
        const auto done = std::move(at->second);
        waiting_.erase(at);
        done(completion.outcome);
    }
    tell(changes);
    return true;
}

}  // namespace vrrpd::engine
