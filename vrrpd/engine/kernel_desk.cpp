#include "vrrpd/engine/kernel_desk.hpp"

#include <algorithm>
#include <utility>

#include "netlink/ct/purge.hpp"
#include "netlink/rtnetlink.hpp"

namespace vrrpd::engine {

namespace {

constexpr Duration audit_interval = std::chrono::seconds(30);
constexpr unsigned changes_a_turn = 64;  // more wait for the next turn, so timers are served
constexpr Duration audit_soon_delay = std::chrono::milliseconds(50);

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
      loop_(loop) {
    if (monitor_)
        watches_.push_back(loop.on_readable(monitor_->fd(), [this] { take(monitor_->read(changes_a_turn)); }));
    watches_.push_back(loop.on_readable(writer_.fd(), [this] { read_completions(); }));
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
void KernelDesk::audit_soon(Instant now) { audit_at(now + audit_soon_delay); }

bool KernelDesk::drain(std::chrono::milliseconds at_most) {
    const bool done = writer_.drain(at_most);
    read_completions();
    return done;
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
    ask(ReadPicture{}, [this](const Outcome& outcome) {
        audit_running_ = false;
        if (!audit_at_) audit_soon(loop_.now());
        const auto& snapshot = std::get<Picture>(outcome).snapshot;
        if (!snapshot) {
            log_.error("the audit of addresses and routes failed: {}", snapshot.error().describe());
            return;
        }
        world_.reset(*snapshot);
        for (const auto& change : since_audit_began_) world_.apply(change);
        if (handlers_.audited) handlers_.audited();
    });
}

void KernelDesk::take(const std::vector<netlink::Change>& changes) {
    const auto overrun = std::any_of(changes.begin(), changes.end(), [](const netlink::Change& change) {
        return std::holds_alternative<netlink::Overrun>(change);
    });
    if (overrun) {
        log_.warning("the kernel's event queue overran: reading everything again");
        audit_soon(loop_.now());
    }
    for (const auto& change : changes) world_.apply(change);
    if (audit_running_) since_audit_began_.insert(since_audit_began_.end(), changes.begin(), changes.end());
    if (!changes.empty() && handlers_.changed) handlers_.changed(changes);
}

void KernelDesk::read_completions() {
    for (auto& completion : writer_.completions()) {
        const auto at = waiting_.find(completion.ticket);
        if (at == waiting_.end()) continue;
        const auto done = std::move(at->second);
        waiting_.erase(at);
        done(completion.outcome);
    }
}

}  // namespace vrrpd::engine
