#include "dhcpsync/dnsmasq_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <set>

#include "vrrpd/base/bytes.hpp"
#include "vrrpd/base/fd.hpp"

namespace dhcpsync {

namespace {

constexpr off_t largest_file = off_t{1} << 20;
constexpr std::size_t most_names = 100'000;  // of a directory

std::optional<std::string> read_bounded(const std::string& path) {
    const vrrpd::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > largest_file)
        return std::nullopt;
    std::string text;
    std::string block(65'536, '\0');
    while (text.size() <= static_cast<std::size_t>(largest_file)) {  // files below /proc say that they are empty
        const auto count = ::read(fd.get(), block.data(), block.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::nullopt;
        if (count == 0) return text;
        text.append(block, 0, static_cast<std::size_t>(count));
    }
    return std::nullopt;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

std::optional<std::vector<std::string>> names_in(const std::string& path) {
    const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
    if (!directory) return std::nullopt;
    std::vector<std::string> names;
    while (const auto* entry = ::readdir(directory.get())) {
        if (names.size() < most_names) names.emplace_back(entry->d_name);
    }
    return names;
}

bool is_file(const std::string& path) {
    struct stat status {};
    errno = 0;
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

// Of what we may not look at, nobody can say: reading it will tell.
bool may_be_file(const std::string& path) { return is_file(path) || errno == EACCES; }

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

// All below one directory, which is / but for tests.
class HostTexts final : public DnsmasqTexts {
public:
    explicit HostTexts(std::string root) : root_(std::move(root)) {}

    std::optional<std::string> read(const std::string& path) override {
        return path.starts_with('/') ? read_bounded(root_ + path) : std::nullopt;
    }
    std::optional<std::vector<std::string>> list(const std::string& directory) override {
        auto names = directory.starts_with('/') ? names_in(root_ + directory) : std::nullopt;
        if (names)
            std::erase_if(*names, [&](const auto& name) { return !may_be_file(root_ + directory + "/" + name); });
        return names;
    }
    std::vector<std::string> glob(const std::string& pattern) override {
        glob_t found{};
        std::vector<std::string> paths;
        if (pattern.starts_with('/') && ::glob((root_ + pattern).c_str(), 0, nullptr, &found) == 0) {
            for (std::size_t i = 0; i < found.gl_pathc; ++i)
                paths.push_back(std::string(found.gl_pathv[i]).substr(root_.size()));
        }
        ::globfree(&found);
        return paths;
    }

private:
    std::string root_;
};

// The words with which a dnsmasq runs, or would.
struct Candidate {
    std::vector<std::string> words;
    std::string source;
    std::optional<int> process;
};

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const auto end = std::min(text.find(separator), text.size());
        if (end > 0) words.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

// Without the executable; nullopt: it is another one.
std::optional<std::vector<std::string>> words_of_dnsmasq(std::vector<std::string> words) {
    if (words.empty()) return std::nullopt;
    const std::string_view executable = words[0];
    if (executable.substr(executable.rfind('/') + 1) != "dnsmasq") return std::nullopt;
    words.erase(words.begin());
    return words;
}

// The words with which this process runs; nullopt: it is no dnsmasq, or has ended.
std::optional<std::vector<std::string>> dnsmasq_of(const std::string& root, int process) {
    const auto command = read_bounded(root + "/proc/" + std::to_string(process) + "/cmdline");
    return words_of_dnsmasq(split(command.value_or(""), '\0'));
}

// Which process is in which network namespace can be asked without any rights only so: what stands below net/ in /proc
// has numbers of its own in each.
std::optional<ino_t> network_of(const std::string& process) {
    struct stat status {};
    if (::stat((process + "/net/dev").c_str(), &status) != 0) return std::nullopt;
    return status.st_ino;
}

std::vector<Candidate> running(const std::string& root) {
    std::vector<int> processes;
    for (const auto& name : names_in(root + "/proc").value_or(std::vector<std::string>{})) {
        int process = 0;
        const auto* end = name.data() + name.size();
        if (std::from_chars(name.data(), end, process).ptr == end) processes.push_back(process);
    }
    std::sort(processes.begin(), processes.end());  // it comes before its helper, which has the same words
    const auto ours = network_of(root + "/proc/self");
    std::vector<Candidate> found;
    for (const int process : processes) {
        const auto directory = root + "/proc/" + std::to_string(process);
        auto words = dnsmasq_of(root, process);
        if (!words || !ours || network_of(directory) != ours) continue;
        const auto same = [&](const Candidate& other) { return other.words == *words; };
        if (std::any_of(found.begin(), found.end(), same)) continue;
        found.push_back({std::move(*words), "the running dnsmasq (pid " + std::to_string(process) + ")", process});
    }
    return found;
}

// NixOS says in the unit where the configuration is.
std::vector<Candidate> units(const std::string& root) {
    std::vector<Candidate> found;
    for (const char* path : {"/etc/systemd/system/dnsmasq.service", "/run/systemd/system/dnsmasq.service"}) {
        for (const auto& line : split(read_bounded(root + path).value_or(""), '\n')) {
            constexpr std::string_view start = "ExecStart=";
            if (!line.starts_with(start)) continue;
            if (auto words = words_of_dnsmasq(split(std::string_view(line).substr(start.size()), ' ')))
                found.push_back({std::move(*words), path, std::nullopt});
        }
    }
    return found;
}

// In the order in which they are believed.
std::vector<Candidate> idle(const std::string& root) {
    auto found = units(root);
    for (const auto& path : HostTexts(root).glob("/var/etc/dnsmasq.conf.*"))  // OpenWrt
        found.push_back({{"-C", path}, path, std::nullopt});
    Candidate usual{{}, std::string(dnsmasq_default_file), std::nullopt};
    if (is_directory(root + "/etc/dnsmasq.d")) {  // as Debian's unit starts it
        usual.words = {"-7", "/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new"};
        usual.source += " and /etc/dnsmasq.d";
    }
    found.push_back(std::move(usual));
    return found;
}

bool serves(const DnsmasqConf& conf, const std::vector<vrrpd::Prefix>& networks) {
    const auto within = [&](const IpAddress& address) {
        return std::any_of(networks.begin(), networks.end(), [&](const auto& n) { return n.contains(address); });
    };
    return std::any_of(conf.ranges.begin(), conf.ranges.end(), [&](const auto& range) { return within(range.first); });
}

FoundDnsmasq read_candidate(const Candidate& candidate, const std::string& root) {
    HostTexts texts(root);
    FoundDnsmasq found;
    found.text = read_dnsmasq(candidate.words, texts);
    found.conf = interpret(found.text);
    found.source = candidate.source;
    found.readable = !found.text.files.empty() || candidate.process;
    found.process = candidate.process;
    return found;
}

// The one that serves our networks, else an idle one that serves any, else a running one, else what is readable.
FoundDnsmasq choose(const DnsmasqSearch& search) {
    std::vector<FoundDnsmasq> found;
    for (const auto& candidate : running(search.root)) found.push_back(read_candidate(candidate, search.root));
    for (const auto& candidate : idle(search.root)) found.push_back(read_candidate(candidate, search.root));
    const auto first = [&](auto fits) {
        const auto at = std::find_if(found.begin(), found.end(), fits);
        return at == found.end() ? nullptr : &*at;
    };
    auto* chosen = first([&](const auto& one) { return serves(one.conf, search.networks); });
    if (!chosen) chosen = first([](const auto& one) { return !one.process && !one.conf.ranges.empty(); });
    if (!chosen) chosen = first([](const auto& one) { return one.process && !one.conf.ranges.empty(); });
    if (!chosen) chosen = first([](const auto& one) { return one.readable; });
    return chosen ? std::move(*chosen) : FoundDnsmasq{};
}

template <class Number>
std::optional<Number> hexadecimal(std::string_view text) {
    Number value{};
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, value, 16);
    return error == std::errc{} && at == end ? std::optional(value) : std::nullopt;
}

// As /proc/net writes one: words of 32 bits, each as the number that the machine reads there.
std::optional<vrrpd::IpAddress> kernel_address(std::string_view text) {
    constexpr std::size_t digits = 8;
    vrrpd::Bytes bytes;
    if (text.size() % digits != 0) return std::nullopt;
    for (std::size_t at = 0; at < text.size(); at += digits) {
        const auto word = hexadecimal<std::uint32_t>(text.substr(at, digits));
        if (!word) return std::nullopt;
        const auto* const first = reinterpret_cast<const std::uint8_t*>(&*word);
        bytes.insert(bytes.end(), first, first + sizeof *word);
    }
    return vrrpd::IpAddress::from_bytes(bytes);
}

std::string lease_file(const DnsmasqConf& conf, const std::string& root) {
    if (conf.no_lease_file.value) return {};
    if (conf.lease_file.said()) return conf.lease_file.value;
    // What it is built with: Debian; Fedora, Arch, NixOS; OpenWrt.
    constexpr auto usual = std::to_array<std::string_view>(
        {"/var/lib/misc/dnsmasq.leases", "/var/lib/dnsmasq/dnsmasq.leases", "/tmp/dhcp.leases"});
    for (const auto path : usual)
        if (is_file(root + std::string(path))) return std::string(path);
    for (const auto path : usual)
        if (is_directory(root + std::string(path.substr(0, path.rfind('/'))))) return std::string(path);
    return {};
}

}  // namespace

FoundDnsmasq find_dnsmasq(const DnsmasqSearch& search) {
    FoundDnsmasq found;
    if (search.configuration.empty()) {
        found = choose(search);
    } else {
        found = read_candidate({{"-C", search.configuration}, search.configuration, std::nullopt}, search.root);
    }
    found.lease_file = search.lease_file.empty() ? lease_file(found.conf, search.root) : search.lease_file;
    return found;
}

// "   0: 0100007F:0035 00000000:0000 0A ...": the local address and port, the other end, the state.
std::vector<Listener> tcp_listeners(const std::string& root) {
    constexpr std::size_t local = 1, state = 3;
    constexpr std::string_view listening = "0A";
    std::vector<Listener> listeners;
    for (const auto* table : {"/proc/self/net/tcp", "/proc/self/net/tcp6"}) {
        for (const auto& line : split(read_bounded(root + table).value_or(""), '\n')) {
            const auto words = split(line, ' ');
            if (words.size() <= state || words[state] != listening) continue;
            const auto colon = words[local].find(':');
            if (colon == std::string::npos) continue;
            const std::string_view text = words[local];
            const auto address = kernel_address(text.substr(0, colon));
            const auto port = hexadecimal<std::uint16_t>(text.substr(colon + 1));
            if (address && port) listeners.push_back({*address, *port});
        }
    }
    return listeners;
}

ServingDnsmasq::ServingDnsmasq(std::vector<vrrpd::Prefix> networks, std::string root)
    : networks_(std::move(networks)), root_(std::move(root)) {}

bool ServingDnsmasq::may_run() {
    constexpr unsigned seldom = 10;  // all of /proc is read where there is none to be seen
    if (process_ && dnsmasq_of(root_, *process_)) return true;
    process_.reset();
    if (seen_ || looks_++ % seldom == 0) process_ = search();
    seen_ = seen_ || process_;
    return process_ || !seen_;
}

std::optional<int> ServingDnsmasq::search() const {
    for (const auto& candidate : running(root_))
        if (serves(read_candidate(candidate, root_).conf, networks_)) return candidate.process;
    return std::nullopt;
}

}  // namespace dhcpsync
