#include "vrrpd/supervisor/notify/notifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <string_view>
#include <utility>

#include "vrrpd/base/loop.hpp"

namespace vrrpd::supervisor {

namespace {

using ipc::Notice;
using Call = NotifyNeeds::Call;

// Half of the 16 that may run at once; the others are tracked, and end in time. These may take for ever: after a while
// they keep nobody back any more, and at last not even those of their own object.
constexpr CommandRunner::Limits limits{8, 100'000, std::chrono::seconds(10), std::chrono::seconds(30)};
// There are two FIFOs at most; a reload may change both while the readers of the old ones still end.
constexpr CommandRunner::Limits reader_limits{4, 2};
constexpr Duration reader_ends_within = std::chrono::seconds(2);
// Of a FIFO. A reader that sleeps sees the end if nobody has opened it again by the time that it gets a processor.
constexpr Duration closed_for = std::chrono::milliseconds(100);
constexpr std::size_t most_held = 1'000;  // lines; as many as a pipe takes

std::string_view word(Notice::Event event) {
    constexpr std::string_view words[] = {
        "MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "MASTER_RX_LOWER_PRI", "MASTER_PRIORITY", "BACKUP_PRIORITY"};
    return words[static_cast<std::size_t>(event)];
}

std::string_view word(Notice::Object object) { return object == Notice::Object::group ? "GROUP" : "INSTANCE"; }

std::string_view word(Call call) {
    constexpr std::string_view words[] = {"notify_master", "notify_backup",  "notify_fault",
                                          "notify_stop",   "notify_deleted", "notify_master_rx_lower_pri",
                                          "notify"};
    return words[static_cast<std::size_t>(call)];
}

std::optional<Call> call_of(Notice::Event event) {
    switch (event) {
        case Notice::Event::master:
            return Call::master;
        case Notice::Event::backup:
            return Call::backup;
        case Notice::Event::fault:
            return Call::fault;
        case Notice::Event::stop:
            return Call::stop;
        case Notice::Event::deleted:
            return Call::deleted;
        case Notice::Event::master_rx_lower_priority:
            return Call::lower_priority;
        default:
            return std::nullopt;
    }
}

}  // namespace

Notifier::Notifier(Log& log) : log_(log), runner_(log, limits), readers_(log, reader_limits), mailer_(log) {}

void Notifier::expect(NotifyNeeds needs) {
    mailer_.expect(needs.mail);
    if (!started_) {
        needs_ = std::move(needs);
        started_ = true;
        return open_pipes();
    }
    if (!before_) before_ = std::move(needs_);
    needs_ = std::move(needs);
}

void Notifier::reloaded() {
    if (!before_) return;
    before_.reset();
    open_pipes();
    std::erase_if(last_, [this](const auto& one) { return !needs_.objects.contains(one.first); });
    if (!needs_.states_on_reload) return;
    for (const auto& [key, state] : last_) write(state);
}

// A FIFO that stays keeps its file; who reads there sees its end, and a script of ours is started again, as keepalived
// does it.
void Notifier::open_pipes() {
    auto before = std::exchange(pipes_, {});
    for (const auto& need : needs_.pipes) {
        pipes_.push_back(take_pipe(need.plan, before));
        pipes_.back().reader = need.reader;
    }
    for (auto& gone : before) end_reader(gone);
    for (auto& pipe : pipes_) {
        if (pipe.reading != 0)
            end_reader(pipe);
        else
            start_reader(pipe);
    }
}

Notifier::Pipe Notifier::take_pipe(const Fifo::Plan& plan, std::list<Pipe>& from) {
    const auto known =
        std::find_if(from.begin(), from.end(), [&](const Pipe& pipe) { return pipe.fifo.plan() == plan; });
    if (known == from.end()) return Pipe{Fifo(plan, log_, mode_), ++last_pipe_};
    auto pipe = std::move(*known);
    from.erase(known);
    if (pipe.reading == 0) show_end(pipe);
    return pipe;
}

void Notifier::show_end(Pipe& pipe) {
    if (pipe.fifo.close()) pipe.open_at = boot_now() + closed_for;
}

void Notifier::open_again(Pipe& pipe) {
    if (std::exchange(pipe.open_at, {})) pipe.fifo.open();
    for (const auto& line : std::exchange(pipe.held, {})) pipe.fifo.write(line);
}

void Notifier::end_reader(Pipe& pipe) {
    if (pipe.reading == 0) return;
    if (std::exchange(pipe.open_at, {})) pipe.fifo.open();  // what is held is for the next one
    readers_.signal(pipe.reading, SIGTERM);
    pipe.ending = true;
    pipe.kill_at = boot_now() + reader_ends_within;
}

void Notifier::start_reader(Pipe& pipe) {
    if (!pipe.reader) return;
    auto command = command_for(*pipe.reader, fmt::format("the script that reads {}", pipe.fifo.plan().path));
    command.words.push_back(pipe.fifo.plan().path);
    command.quiet = true;
    command.done = [this, number = pipe.number](const Outcome&) { reader_ended(number); };
    pipe.reading = readers_.run(std::move(command));
}

void Notifier::reader_ended(std::uint64_t number) {
    const auto found =
        std::find_if(pipes_.begin(), pipes_.end(), [&](const Pipe& pipe) { return pipe.number == number; });
    if (found == pipes_.end()) return;
    found->reading = 0;
    found->kill_at.reset();
    if (!std::exchange(found->ending, false)) return;  // by itself: it is not started again, as keepalived has it
    show_end(*found);
    start_reader(*found);
    if (!found->open_at) open_again(*found);
}

void Notifier::tell(const ipc::Notices& notices) {
    for (const auto& notice : notices.all) tell(notice);
}

// notify_STATE, then notify, then the FIFOs, then mail. The same state is not told twice: an engine that
// went on after a crash says again what is known.
void Notifier::tell(const Notice& notice) {
    if (is_state(notice.event)) {
        auto& last = last_[{notice.object, notice.name}];
        if (last.event == notice.event && last.name == notice.name) return;
        last = notice;
    }
    // Of one that leaves the configuration keepalived 2.2.7 tells the generic script alone, unless it has
    // notify_deleted.
    const bool leaves = before_ && !needs_.objects.contains({notice.object, notice.name});
    const auto call = call_of(notice.event);
    if (call && !(leaves && notice.event == Notice::Event::fault)) run(notice, *call);
    if (is_state(notice.event)) run(notice, Call::any);
    write(notice);
    mail(notice);
}

const RunnableScript* Notifier::script_for(const Key& key, Call call) const {
    for (const auto* needs : {&needs_, before_ ? &*before_ : nullptr}) {
        if (needs == nullptr) continue;
        const auto found = needs->objects.find(key);
        if (found == needs->objects.end()) continue;
        const auto number = found->second.calls[static_cast<std::size_t>(call)];
        return number ? &needs->scripts[*number] : nullptr;
    }
    return nullptr;
}

void Notifier::run(const Notice& notice, Call call) {
    const auto* script = script_for({notice.object, notice.name}, call);
    if (script == nullptr) return;
    auto command =
        command_for(*script, fmt::format("the {} script of {} {}", word(call), word(notice.object), notice.name));
    if (call == Call::any) command.what += fmt::format(" for {}", word(notice.event));
    if (call == Call::any)
        for (const auto& argument : {std::string(word(notice.object)), notice.name, std::string(word(notice.event)),
                                     std::to_string(notice.priority)})
            command.words.push_back(argument);
    command.key = fmt::format("{} {} {}", word(notice.object), call == Call::any ? "any" : "state", notice.name);
    if (call == Call::lower_priority) command.key += " lower";
    runner_.run(std::move(command));
}

void Notifier::write(const Notice& notice) {
    if (pipes_.empty()) return;
    const auto line =
        fmt::format("{} \"{}\" {} {}\n", word(notice.object), notice.name, word(notice.event), notice.priority);
    for (auto& pipe : pipes_) {
        if (!pipe.ending && !pipe.open_at)
            pipe.fifo.write(line);
        else if (pipe.held.size() < most_held)
            pipe.held.push_back(line);
    }
}

void Notifier::mail(const Notice& notice) {
    const auto object = needs_.objects.find({notice.object, notice.name});
    if (object != needs_.objects.end() && object->second.mailed) mailer_.tell(notice);
}

void Notifier::tell_all(Notice::Event event) {
    for (auto [key, last] : std::map(last_)) {
        const bool is_over = last.event == Notice::Event::stop || last.event == Notice::Event::deleted;
        last.event = event;
        if (!is_over) tell(last);
    }
}

void Notifier::step(Instant now) {
    runner_.step(now);
    readers_.step(now);
    mailer_.step(now);
    for (auto& pipe : pipes_) {
        if (pipe.open_at && *pipe.open_at <= now) open_again(pipe);
        if (!pipe.kill_at || now < *pipe.kill_at) continue;
        pipe.kill_at.reset();
        readers_.signal(pipe.reading, SIGKILL);
    }
}

Deadline Notifier::next_deadline() const {
    auto next = earlier(mailer_.next_deadline(), earlier(runner_.next_deadline(), readers_.next_deadline()));
    for (const auto& pipe : pipes_) next = earlier(next, earlier(pipe.kill_at, pipe.open_at));
    return next;
}

std::vector<Notice> Notifier::memory() const {
    std::vector<Notice> told;
    for (const auto& [key, notice] : last_) told.push_back(notice);
    return told;
}

std::vector<std::string> Notifier::made_fifos() const {
    std::vector<std::string> made;
    for (const auto& pipe : pipes_)
        if (pipe.fifo.is_made_by_us()) made.push_back(pipe.fifo.plan().path);
    return made;
}

void Notifier::remember(const std::vector<Notice>& told, const std::vector<std::string>& made_fifos) {
    for (const auto& notice : told) last_[{notice.object, notice.name}] = notice;
    for (auto& pipe : pipes_)
        if (std::find(made_fifos.begin(), made_fifos.end(), pipe.fifo.plan().path) != made_fifos.end())
            pipe.fifo.set_made_by_us(true);
}

void Notifier::let_go() {
    for (auto& pipe : pipes_) pipe.fifo.set_made_by_us(false);
}

// Readers see the end of the file behind the last line.
void Notifier::stop(Duration for_readers, Duration for_scripts) {
    stopped_ = true;
    for (auto& pipe : pipes_) open_again(pipe);
    pipes_.clear();
    readers_.hurry(for_readers);
    runner_.hurry(for_scripts);
}

void Notifier::child_ended() {
    runner_.child_ended();
    readers_.child_ended();
    mailer_.child_ended();
}

}  // namespace vrrpd::supervisor
