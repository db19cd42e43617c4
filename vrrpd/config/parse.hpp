// From text to Config, in two steps that are kept apart so that the engine can read the very text the
// supervisor judged:
//   1. load():  files -> Lines. Comments, quotes, braces, includes, @ID lines, definitions, sequences.
//               The only step that sees files, through the FileSource port.
//   2. parse(): Lines -> Config and every Fault. Pure; never stops at the first fault.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/kernel.hpp"
#include "vrrpd/base/result.hpp"
#include "vrrpd/config/globals.hpp"
#include "vrrpd/config/model.hpp"

namespace vrrpd::config {

// How bad a fault is; the classes decide -t's exit code.
enum class Severity : std::uint8_t {
    note,      // merely logged: exit 0 (deprecated, advice)
    warning,   // what is not acted on, and what keepalived drops without a word of it: exit 0
    security,  // scripts without enable_script_security: 6
    error,     // reported, and the daemon would start: 5
    unusable,  // could not run: 4
    missing,   // a keyword lacks a mandatory parameter: 2
};

struct Position {
    std::string file;
    unsigned line = 0;    // from 1
    unsigned column = 0;  // from 1; 0: the whole line
    bool operator==(const Position&) const = default;
};

struct Fault {
    Severity severity = Severity::error;
    Position at;
    std::string text;  // what is wrong, and what to write instead
    // A fault that makes a start impossible (an instance without an interface, an unknown word inside our
    // own blocks): exit 2 at start, refused at reload. Independent of the class that -t reports.
    bool prevents_start = false;

    [[nodiscard]] std::string describe() const;  // "file:line:column: text"
    bool operator==(const Fault&) const = default;
};

// One logical line after step 1: words with the column each began at.
struct Word {
    std::string text;
    unsigned column = 0;
    bool quoted = false;
    bool operator==(const Word&) const = default;
};
struct Line {
    Position at;
    std::vector<Word> words;  // never empty; braces are words of their own on lines of their own
    bool operator==(const Line&) const = default;
};

// Who we are and where the text comes from.
struct LoadOptions {
    std::string id;                           // -i, or the host name up to the first dot: @ID lines
    std::string root = "vrrpd.conf";          // the -f argument; may be a glob
    std::optional<std::string> gateway_file;  // a second file with our own blocks
    bool as_keepalived = false;               // called as keepalived: a missing file is no error under -t
    bool all_includes_fatal = false;          // -e
};

// The file system as load() sees it.
class FileSource {
public:
    FileSource() = default;
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    virtual ~FileSource() = default;
    // Paths that match a glob with brace expansion, sorted; relative to `directory`.
    [[nodiscard]] virtual std::vector<std::string> glob(const std::string& pattern, const std::string& directory) = 0;
    // A regular, non-executable, readable file of at most 16 MiB; errors say what it is instead.
    [[nodiscard]] virtual Result<std::string> read(const std::string& path) = 0;
    // Of a file that holds a key: also whether others than its owner can read it.
    struct KeyFile {
        std::string text;
        bool open_to_others = false;
    };
    [[nodiscard]] virtual Result<KeyFile> read_key(const std::string& path) = 0;
    [[nodiscard]] virtual std::optional<std::string> environment(const std::string& name) = 0;
};
[[nodiscard]] std::unique_ptr<FileSource> real_files();

// A key of auth_hmac that stands in a file of its own. load() puts the file's content in its place; where it still
// stands in a Line, the file could not be read.
inline constexpr std::string_view key_file_prefix = "file:";

struct Loaded {
    std::vector<Line> lines;
    std::vector<Fault> faults;
    bool file_missing = false;  // the -f argument itself
};
[[nodiscard]] Loaded load(const LoadOptions& options, FileSource& files);

struct Parsed {
    Config config;
    Globals globals;
    std::vector<Fault> faults;  // in the order of the text
    // Of its braces. If not, a block may have swallowed another one: good enough for a start, as keepalived has it, but
    // not for a reload, which would withdraw what was swallowed.
    bool balanced = true;
    [[nodiscard]] bool can_start() const;
};
// `id`: for peer_link's "which member am I". `host_addresses` is not consulted here: what depends on the
// machine is judged by check_host().
[[nodiscard]] Parsed parse(const std::vector<Line>& lines, std::string_view id);

// What -t and a start can say beyond the text, given what the machine has: unknown interfaces,
// a VIP that is the host's only address, `via` that is not on-link.
[[nodiscard]] std::vector<Fault> check_host(const Config& config, const netlink::Snapshot& host);

// keepalived's -t exit code for these faults: 0, 2, 4, 5 or 6.
[[nodiscard]] int config_test_status(const std::vector<Fault>& faults, bool file_missing, bool as_keepalived);

// The same lines with nothing secret in them, for who needs none of it; nullopt: there is nothing secret. Keys and
// passwords apart they parse to the same.
[[nodiscard]] std::optional<std::vector<Line>> without_secrets(const std::vector<Line>& lines);

// The lines as one text and back, for the memfd between supervisor and engine.
[[nodiscard]] std::string serialize(const std::vector<Line>& lines);
[[nodiscard]] std::optional<std::vector<Line>> deserialize(std::string_view text);

}  // namespace vrrpd::config
