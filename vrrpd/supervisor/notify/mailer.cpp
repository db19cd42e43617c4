#include "vrrpd/supervisor/notify/mailer.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "vrrpd/base/loop.hpp"
#include "vrrpd/supervisor/notify/mail_sender.hpp"
#include "vrrpd/supervisor/notify/mail_text.hpp"

namespace vrrpd::supervisor {

namespace {

// As sysexits.h names them.
constexpr int exit_refused = 69, exit_failed = 75;

// A connection, a greeting, and an answer to each of six things that are said; a server that takes its time with all of
// them is waited for no longer.
constexpr int answers_waited_for = 4;

std::string describe(const ipc::Notice& notice) {
    return fmt::format("{} {}", notice.object == ipc::Notice::Object::group ? "vrrp_sync_group" : "vrrp_instance",
                       notice.name);
}

bool same_object(const ipc::Notice& a, const ipc::Notice& b) { return a.object == b.object && a.name == b.name; }

std::string user_name(uid_t user) {
    const auto* entry = getpwuid(user);
    return entry != nullptr ? entry->pw_name : std::to_string(user);
}

}  // namespace

void Mailer::expect(MailNeeds needs) {
    if (needs.mail != needs_.mail) {  // perhaps the reload mended what was wrong
        failures_ = 0;
        if (next_try_) next_try_ = boot_now();
    }
    needs_ = std::move(needs);
    if (!needs_.mail.is_possible()) waiting_.clear();
}

void Mailer::tell(const ipc::Notice& notice) {
    if (!needs_.mail.is_possible() || !is_worth_a_letter(notice.event)) return;
    const bool unwanted = notice.event == ipc::Notice::Event::fault && !needs_.mail.faults;
    // What it was before is no news any more.
    if (unwanted) std::erase_if(waiting_, [&](const Item& other) { return same_object(other.notice, notice); });
    if (!unwanted) enqueue({notice, wall_now()}, true);
    send_next();
}

// While the way is free each state is mailed; only of those that could not leave the newest counts.
void Mailer::enqueue(Item item, bool is_news) {
    const auto same = std::find_if(waiting_.begin(), waiting_.end(),
                                   [&](const Item& other) { return same_object(other.notice, item.notice); });
    if (!is_news) {
        if (same == waiting_.end()) waiting_.push_front(std::move(item));
        return;
    }
    if (same != waiting_.end()) waiting_.erase(same);
    waiting_.push_back(std::move(item));
    if (waiting_.size() <= most_waiting) return;
    waiting_.pop_front();
    if (!std::exchange(overflow_said_, true))
        log_.warning("more than {} letters wait for mail server {}: the oldest are dropped", most_waiting,
                     needs_.mail.server);
}

void Mailer::send_next() {
    if (under_way_ || next_try_ || waiting_.empty()) return;
    under_way_ = std::move(waiting_.front());
    waiting_.pop_front();
    runner_.run(command_for(*under_way_));
}

Command Mailer::command_for(const Item& item) {
    Command command;
    command.what = "mail of " + describe(item.notice);
    command.unprivileged = true;
    command.quiet = true;  // what came of it is said below
    command.limit = answers_waited_for * needs_.mail.timeout;
    command.act = [needs = needs_, item, user = geteuid()] {
        const auto& mail = needs.mail;
        const MailOrigin origin{needs.router_id, user_name(user), full_host_name()};
        auto letter = write_letter(mail, origin, item.notice, item.at);
        const auto delivery = deliver({mail.server, mail.port, mail.timeout}, std::move(letter));
        const auto code = delivery.outcome == SmtpDialogue::Outcome::accepted  ? 0
                          : delivery.outcome == SmtpDialogue::Outcome::refused ? exit_refused
                                                                               : exit_failed;
        return Command::Acted{code, delivery.problem};
    };
    command.done = [this](const Outcome& outcome) { finished(outcome); };
    return command;
}

void Mailer::finished(const Outcome& outcome) {
    auto item = std::move(*under_way_);
    under_way_.reset();
    if (outcome.how != Ending{} && outcome.how != Ending{false, exit_refused})
        return try_later(std::move(item), outcome);
    failures_ = 0;
    overflow_said_ = false;
    if (outcome.how != Ending{})
        log_.error("mail of {} is given up: {}", describe(item.notice), outcome.problem);
    else if (!outcome.problem.empty())
        log_.warning("mail of {} is sent, but not to everybody: {}", describe(item.notice), outcome.problem);
    else
        log_.debug("mail of {} is sent", describe(item.notice));
    send_next();
}

void Mailer::try_later(Item item, const Outcome& outcome) {
    if (!needs_.mail.is_possible()) return;  // a reload took the server out
    const auto what = describe(item.notice);
    enqueue(std::move(item), false);
    if (failures_ == pauses.size()) {
        log_.error("mail of {} is not sent: {}; {} letters that wait are given up", what, outcome.problem,
                   waiting_.size());
        waiting_.clear();
        failures_ = 0;
        return;
    }
    const auto pause = pauses[failures_++];
    next_try_ = boot_now() + pause;
    log_.warning("mail of {} is not sent: {}; the next try is in {} s", what, outcome.problem,
                 pause / std::chrono::seconds(1));
}

void Mailer::child_ended() { runner_.child_ended(); }

void Mailer::step(Instant now) {
    runner_.step(now);
    if (!next_try_ || now < *next_try_) return;
    next_try_.reset();
    send_next();
}

}  // namespace vrrpd::supervisor
