#include "vrrpd/engine/writer.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "vrrpd/base/assert.hpp"
#include "vrrpd/base/fd.hpp"

namespace vrrpd::engine {

namespace {

constexpr int attempts = 4;  // the first and three more
constexpr std::chrono::milliseconds between_attempts{16};

struct Queued {
    std::uint64_t ticket;
    Task task;
};

// It changes nothing, and may take long.
bool is_look(const Task& task) {
    return std::holds_alternative<ReadPicture>(task) || std::holds_alternative<InspectRules>(task);
}

// For something more urgent; to be begun anew.
bool was_given_up(const Outcome& outcome) {
    const auto* look = std::get_if<RulesInspected>(&outcome);
    return look && !look->obstacles && look->obstacles.error().code == ECANCELED;
}

}  // namespace

class Writer::Impl {
public:
    Impl(std::unique_ptr<netlink::Kernel> kernel, std::unique_ptr<netlink::nft::Tables> tables, Purge purge)
        : kernel_(std::move(kernel)),
          tables_(std::move(tables)),
          purge_(std::move(purge)),
          event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        ASSERT(event_);
        thread_ = std::thread([this] { work(); });
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }

    std::uint64_t submit(Task task) {
        const std::lock_guard lock(mutex_);
        auto& queue = is_look(task) ? looks_ : queue_;
        queue.push_back({++last_ticket_, std::move(task)});
        wake_.notify_one();
        return last_ticket_;
    }

    void hold(bool held) {
        const std::lock_guard lock(mutex_);
        held_ = held;
        wake_.notify_one();
    }

    std::vector<Completion> completions() {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto got = ::read(event_.get(), &count, sizeof count);
        const std::lock_guard lock(mutex_);
        return std::exchange(done_, {});
    }

    bool drain(std::chrono::milliseconds at_most) {
        std::unique_lock lock(mutex_);
        return idle_.wait_for(lock, at_most, [this] { return !has_work() && !busy_; });
    }

    [[nodiscard]] int fd() const { return event_.get(); }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            wake_.wait(lock, [this] { return ending_ || (!held_ && has_work()); });
            if (!has_work()) return;
            auto batch = take_batch();
            busy_ = true;
            lock.unlock();
            auto outcomes = carry_out(batch);
            lock.lock();
            busy_ = false;
            if (was_given_up(outcomes.front())) {
                looks_.push_front(std::move(batch.front()));
                continue;
            }
            for (std::size_t i = 0; i < batch.size(); ++i) done_.push_back({batch[i].ticket, std::move(outcomes[i])});
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto put = ::write(event_.get(), &one, sizeof one);
            if (!has_work()) idle_.notify_all();
        }
    }

    [[nodiscard]] bool has_work() const { return !queue_.empty() || !looks_.empty(); }

    // One task; or as many small ApplyRequests as fill one batch to the kernel: 1,000 routers that take over
    // together are 16 batches, not 1,000.
    std::vector<Queued> take_batch() {
        std::vector<Queued> batch;
        if (queue_.empty()) {
            batch.push_back(std::move(looks_.front()));
            looks_.pop_front();
        }
        std::size_t requests = 0;
        while (!queue_.empty()) {
            const auto* apply = std::get_if<ApplyRequests>(&queue_.front().task);
            if (!batch.empty() && (!apply || requests + apply->requests.size() > netlink::requests_in_flight)) break;
            if (apply) requests += apply->requests.size();
            batch.push_back(std::move(queue_.front()));
            queue_.pop_front();
            if (!apply) break;
        }
        return batch;
    }

    std::vector<Outcome> carry_out(const std::vector<Queued>& batch) {
        std::vector<Outcome> outcomes;
        if (!std::holds_alternative<ApplyRequests>(batch.front().task)) {
            ASSERT(batch.size() == 1);
            outcomes.push_back(std::visit([this](const auto& task) { return run(task); }, batch.front().task));
            return outcomes;
        }
        std::vector<netlink::Request> all;
        for (const auto& queued : batch) {
            const auto& requests = std::get<ApplyRequests>(queued.task).requests;
            all.insert(all.end(), requests.begin(), requests.end());
        }
        auto results = apply(all);
        auto next = results.begin();
        for (const auto& queued : batch) {
            const auto count = static_cast<std::ptrdiff_t>(std::get<ApplyRequests>(queued.task).requests.size());
            outcomes.emplace_back(Applied{{next, next + count}});
            next += count;
        }
        return outcomes;
    }

    std::vector<Result<void>> apply(const std::vector<netlink::Request>& requests) {
        auto results = kernel_->apply(requests);
        ASSERT(results.size() == requests.size());
        for (int attempt = 1; attempt < attempts; ++attempt) {
            std::vector<std::size_t> failed;
            std::vector<netlink::Request> again;
            for (std::size_t i = 0; i < results.size(); ++i) {
                if (results[i]) continue;
                failed.push_back(i);
                again.push_back(requests[i]);
            }
            if (failed.empty()) break;
            std::this_thread::sleep_for(between_attempts);
            auto retried = kernel_->apply(again);
            for (std::size_t i = 0; i < failed.size(); ++i) results[failed[i]] = std::move(retried[i]);
        }
        return results;
    }

    Outcome run(const ApplyRequests& task) { return Applied{apply(task.requests)}; }
    Outcome run(const ReadPicture& task) { return Picture{kernel_->snapshot(task.routes)}; }
    Outcome run(const AskNeighbour& task) { return NeighbourKnown{kernel_->neighbour(task.link, task.address)}; }
    Outcome run(const InstallRules& task) {
        if (!tables_) return RulesInstalled{no_tables()};
        RulesInstalled done{tables_->install(task.gateways)};
        if (!done.result || !task.gateways.empty()) return done;
        const auto removed = tables_->remove_fence();
        if (!removed) return RulesInstalled{tl::unexpected(removed.error())};
        return RulesInstalled{{}, *removed};
    }
    Outcome run(const OpenFence& task) {
        if (!tables_) return FenceSet{no_tables()};
        auto set = tables_->open_fence(task.gateway, task.lifetime);
        for (int attempt = 1; attempt < attempts && !set; ++attempt) {
            std::this_thread::sleep_for(between_attempts);
            set = tables_->open_fence(task.gateway, task.lifetime);
        }
        return FenceSet{std::move(set)};
    }
    Outcome run(const PurgeConnections& task) { return ConnectionsPurged{purge_(task.which)}; }
    Outcome run(const InspectRules& task) {
        if (!tables_) return RulesInspected{true, std::vector<netlink::nft::Obstacle>{}};
        const auto hurried = [this] {
            const std::lock_guard lock(mutex_);
            return !queue_.empty();
        };
        auto intact = tables_->intact();
        return RulesInspected{std::move(intact), tables_->obstacles(task.gateways, hurried)};
    }
    Outcome run(const RefusePackets& task) {
        if (!tables_) return RulesInstalled{no_tables()};
        auto wanted = last_refusal(task.addresses);
        if (wanted == refused_ && !task.anyway) return RulesInstalled{};
        auto done = tables_->refuse(*wanted);
        refused_ = done ? std::move(wanted) : nullptr;
        return RulesInstalled{std::move(done)};
    }
    using Addresses = std::shared_ptr<const std::vector<netlink::nft::Refused>>;
    Addresses last_refusal(Addresses addresses) {
        const std::lock_guard lock(mutex_);
        for (const auto& queued : queue_)
            if (const auto* later = std::get_if<RefusePackets>(&queued.task)) addresses = later->addresses;
        return addresses;
    }
    Outcome run(const AskSwitches& task) {
        SwitchesKnown known;
        for (const auto& one : task.switches)
            if (const auto value = kernel_->device_option(one.device, one.option); value && *value == 0)
                known.off.push_back(one);
        return known;
    }

    static tl::unexpected<OsError> no_tables() { return fail(ENOTSUP, "this kernel has no nf_tables"); }

    std::unique_ptr<netlink::Kernel> kernel_;
    std::unique_ptr<netlink::nft::Tables> tables_;
    Purge purge_;
    Fd event_;
    Addresses refused_;  // null: nothing was, or it failed

    std::mutex mutex_;  // guards everything below
    std::condition_variable wake_, idle_;
    std::deque<Queued> queue_;
    std::deque<Queued> looks_;  // when nothing else is to be done
    std::vector<Completion> done_;
    std::uint64_t last_ticket_ = 0;
    bool busy_ = false, held_ = false, ending_ = false;

    std::thread thread_;
};

Writer::Writer(std::unique_ptr<netlink::Kernel> kernel, std::unique_ptr<netlink::nft::Tables> tables, Purge purge)
    : impl_(std::make_unique<Impl>(std::move(kernel), std::move(tables), std::move(purge))) {}
Writer::~Writer() = default;
std::uint64_t Writer::submit(Task task) { return impl_->submit(std::move(task)); }
void Writer::hold(bool held) { impl_->hold(held); }
int Writer::fd() const { return impl_->fd(); }
std::vector<Completion> Writer::completions() { return impl_->completions(); }
bool Writer::drain(std::chrono::milliseconds at_most) { return impl_->drain(at_most); }

}  // namespace vrrpd::engine
