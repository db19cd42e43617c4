// Real people's configurations: our -t ends with keepalived's class for each, and complains of what it complains of.
#include "tests/config/corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <regex>
#include <set>

namespace vrrpd::config::corpus_test {
namespace {

using corpus::Message;
using corpus::Trial;

std::string name(const Trial& run) { return run.number + " with id " + run.id; }

// ---- the exit code

// Where we differ on purpose. Number of the file -> why.
const std::map<std::string, const char*> deviations = {
#include "corpus_deviations.inc"
};

struct Tally {
    int runs = 0, equal = 0, machine = 0, other = 0;
    std::set<std::string> other_files;
};

void compare_codes(const Trial& run, Tally& tally) {
    ++tally.runs;
    const auto faults = our_faults(run);
    const int ours = config_test_status(faults, false, true);
    if (ours == run.oracle.exit) {
        ++tally.equal;
    } else if (ours == 0 && run.oracle.exit == 5 && run.oracle.of_the_text.empty()) {
        ++tally.machine;
    } else {
        ++tally.other;
        tally.other_files.insert(run.number);
        if (deviations.count(run.number) > 0) return;
        std::string said;
        for (const auto& fault : faults) {
            if (fault.severity != Severity::note) said += "\n    " + fault.describe();
        }
        ADD_FAILURE() << name(run) << ": keepalived " << run.oracle.exit << ", we " << ours << said;
    }
}

TEST(Corpus, ends_with_keepalived_s_class) {
    if (!corpus::is_there()) GTEST_SKIP() << "no corpus: not compared with keepalived's verdicts";
    Tally tally;
    corpus::for_each_run([&](const Trial& run) { compare_codes(run, tally); });
    std::cout << "[ corpus   ] " << tally.runs << " runs: " << tally.equal << " end with keepalived's code, "
              << tally.machine << " with 0 where it spoke of its machine alone, " << tally.other
              << " otherwise and on purpose (" << tally.other_files.size() << " files)\n";
    for (const auto& [number, why] : deviations) {
        EXPECT_TRUE(tally.other_files.count(number) > 0)
            << number << " agrees by now, its deviation (" << why << ") is outdated";
    }
    EXPECT_EQ(tally.equal + tally.machine + tally.other, tally.runs);
    EXPECT_GT(tally.runs, 150);
}

// ---- the messages

// What keepalived says in these words, and what we say of it in ours: at the same line, and where `theirs` catches a
// name (of an instance, of a script), with this name. keepalived finds out about whole blocks where it has no line any
// more, or only that of another block: then the name alone counts.
struct Pair {
    enum class Place : std::uint8_t { line, name };
    Place place;
    std::regex theirs;
    std::string ours;

    Pair(Place where, const char* their_words, const char* our_words)
        : place(where), theirs(their_words, std::regex::optimize), ours(our_words) {}
};
const std::vector<Pair>& pairs() {
    using enum Pair::Place;
    static const std::vector<Pair> all = {
#include "corpus_pairs.inc"
    };
    return all;
}

// What one of us alone complains of. Number of the file ("" for all), who, part of the message -> why.
enum class Who : std::uint8_t { keepalived, vrrpd };
struct Alone {
    std::string number;
    Who who;
    std::string part;
    const char* why;
};
const std::vector<Alone>& alone() {
    using enum Who;
    static const std::vector<Alone> all = {
#include "corpus_alone.inc"
    };
    return all;
}

bool meets(const Message& theirs, const Fault& ours) {
    for (const auto& pair : pairs()) {
        std::smatch caught;
        if (ours.text.find(pair.ours) == std::string::npos || !std::regex_search(theirs.text, caught, pair.theirs))
            continue;
        const bool same_line = pair.place == Pair::Place::name || theirs.line == ours.at.line;
        const bool same_name = caught.size() < 2 || ours.text.find(caught[1]) != std::string::npos;
        if (same_line && same_name) return true;
    }
    return false;
}

// A block behind a word that it does not know is read by keepalived as if it stood outside: each word in it is one more
// that it does not know, its end among them.
std::vector<Message> without_echoes(const std::vector<Message>& messages) {
    std::vector<Message> first;
    bool inside = false;
    for (const auto& message : messages) {
        const bool unknown = message.text.starts_with("Unknown keyword");
        if (message.text == "Unknown keyword '}'") {
            inside = false;
        } else if (!inside || !unknown) {
            inside = message.text == "Unexpected '{' - ignoring";
            first.push_back(message);
        }
    }
    return first;
}

// Virtual servers are keepalived's other half.
std::set<unsigned> lines_of_virtual_servers(const Trial& run) {
    auto files = real_files();
    std::set<unsigned> lines;
    LoadOptions options;
    options.root = run.path();
    options.id = run.id;
    int depth = 0;
    bool inside = false;
    for (const auto& line : load(options, *files).lines) {
        const auto& word = line.words[0].text;
        if (depth == 0)
            inside =
                word == "virtual_server" || word == "virtual_server_group" || word == "SSL" || (inside && word == "{");
        if (inside) lines.insert(line.at.line);
        depth += word == "{" ? 1 : word == "}" ? -1 : 0;
    }
    return lines;
}

class Messages {
public:
    explicit Messages(std::set<std::size_t>& used) : used_(used) {}

    void compare(const Trial& run) {
        const auto faults = our_faults(run);
        const auto theirs = without_echoes(run.oracle.of_the_text);
        const auto skipped = lines_of_virtual_servers(run);
        for (const auto& message : theirs) {
            if (skipped.contains(message.line)) continue;
            const auto meets_it = [&](const Fault& fault) { return meets(message, fault); };
            judge(run, Who::keepalived, message, std::any_of(faults.begin(), faults.end(), meets_it));
        }
        if (ends_at_a_missing_value(run)) return;  // and reads no further, while we do
        for (const auto& fault : faults) {
            if (fault.severity == Severity::note || fault.severity == Severity::warning) continue;  // it is no verdict
            const auto meets_it = [&](const Message& message) { return meets(message, fault); };
            judge(run, Who::vrrpd, {fault.at.line, fault.text}, std::any_of(theirs.begin(), theirs.end(), meets_it));
        }
    }
    int met = 0, excused = 0;

private:
    static bool ends_at_a_missing_value(const Trial& run) { return run.oracle.exit == 2; }

    void judge(const Trial& run, Who who, const Message& message, bool is_met) {
        if (is_met) {
            ++met;
            return;
        }
        const auto& all = alone();
        const auto excuse = std::find_if(all.begin(), all.end(), [&](const Alone& one) {
            return (one.number.empty() || one.number == run.number) && one.who == who &&
                   message.text.find(one.part) != std::string::npos;
        });
        if (excuse != all.end()) {
            ++excused;
            used_.insert(static_cast<std::size_t>(excuse - all.begin()));
        } else {
            ADD_FAILURE() << name(run) << ": " << (who == Who::keepalived ? "keepalived" : "vrrpd") << " alone, line "
                          << message.line << ": " << message.text;
        }
    }

    std::set<std::size_t>& used_;
};

TEST(Corpus, complains_of_what_keepalived_complains_of) {
    if (!corpus::is_there()) GTEST_SKIP() << "no corpus: not compared with keepalived's messages";
    std::set<std::size_t> used;
    Messages messages(used);
    corpus::for_each_run([&](const Trial& run) { messages.compare(run); });
    std::cout << "[ corpus   ] " << messages.met << " messages say the same of the same place, " << messages.excused
              << " differ on purpose\n";
    EXPECT_GT(messages.met, 900);
    for (std::size_t i = 0; i < alone().size(); ++i)
        EXPECT_TRUE(used.contains(i)) << alone()[i].number << " '" << alone()[i].part << "' is said by both by now";
}

}  // namespace
}  // namespace vrrpd::config::corpus_test
