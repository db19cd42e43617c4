#include "vrrpd/supervisor/notifier.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <string_view>

namespace vrrpd::supervisor {

namespace {

using ipc::Notice;
using Call = NotifyNeeds::Call;

// Half of the 16 that may run at once; the others are tracked, and end in time. These may take for ever: after a while
// they keep nobody back any more, and at last not even those of their own object.
constexpr CommandRunner::Limits limits{8, 100'000, std::chrono::seconds(10), std::chrono::seconds(30)},
    reader_limits{2, 0};

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

// A FIFO that stays keeps its file; who reads there sees its end, and is started again.
void Notifier::open_pipes() {
    for (const auto ticket : reading_) readers_.signal(ticket, SIGTERM);
    reading_.clear();
    std::vector<Fifo> before;
    before.swap(pipes_);
    for (const auto& pipe : needs_.pipes) {
        bool kept = false;
        for (auto& known : before) {
            if (known.plan() != pipe.plan) continue;
            pipes_.push_back(std::move(known));
            pipes_.back().reopen();
            kept = true;
            break;
        }
        if (!kept) pipes_.emplace_back(pipe.plan, log_, mode_);
        if (!pipe.reader) continue;
        auto command = command_for(*pipe.reader, fmt::format("the script that reads {}", pipe.plan.path));
        command.words.push_back(pipe.plan.path);
        command.quiet = true;
        reading_.push_back(readers_.run(std::move(command)));
    }
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
    for (auto& pipe : pipes_) pipe.write(line);
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

Deadline Notifier::next_deadline() const {
    return earlier(mailer_.next_deadline(), earlier(runner_.next_deadline(), readers_.next_deadline()));
}

void Notifier::step(Instant now) {
    runner_.step(now);
    readers_.step(now);
    mailer_.step(now);
}

std::vector<Notice> Notifier::memory() const {
    std::vector<Notice> told;
    for (const auto& [key, notice] : last_) told.push_back(notice);
    return told;
}

std::vector<std::string> Notifier::made_fifos() const {
    std::vector<std::string> made;
    for (const auto& pipe : pipes_)
        if (pipe.is_made_by_us()) made.push_back(pipe.plan().path);
    return made;
}

void Notifier::remember(const std::vector<Notice>& told, const std::vector<std::string>& made_fifos) {
    for (const auto& notice : told) last_[{notice.object, notice.name}] = notice;
    for (auto& pipe : pipes_)
        if (std::find(made_fifos.begin(), made_fifos.end(), pipe.plan().path) != made_fifos.end())
            pipe.set_made_by_us(true);
}

void Notifier::let_go() {
    for (auto& pipe : pipes_) pipe.set_made_by_us(false);
}

// Readers see the end of the file behind the last line.
void Notifier::stop(Duration for_readers, Duration for_scripts) {
    stopped_ = true;
    pipes_.clear();
    reading_.clear();
    readers_.hurry(for_readers);
    runner_.hurry(for_scripts);
}

void Notifier::child_ended() {
    runner_.child_ended();
    readers_.child_ended();
    mailer_.child_ended();
}

}  // namespace vrrpd::supervisor
