// Text of at most 80 columns, built line by line. Pure. For render.cpp.
#pragma once

#include <string>
#include <string_view>

namespace vrrpd::ctl {

inline constexpr std::size_t columns = 80;

class Page {
public:
    // One paragraph; what does not fit goes on in further lines, indented by `hanging`.
    void line(std::string_view text, std::size_t hanging = 2);
    void gap();  // an empty line, unless nothing stands before it

    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

// Filled with blanks to `width`, and one blank more.
[[nodiscard]] std::string padded(std::string_view text, std::size_t width);

}  // namespace vrrpd::ctl
