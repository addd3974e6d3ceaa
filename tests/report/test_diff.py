from amp_addons.report.diff import MAX_LINES, compared, diff_html, is_diff, patch_in

PATCH = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-<a>\n+<b>\n <c>\n"


def test_patches_are_told_from_texts():
    assert is_diff(PATCH) and is_diff("*** Begin Patch\n*** Update File: x\n-a\n+b") and is_diff("diff --git a b\n+x")
    assert not is_diff("- a\n- b") and not is_diff("@@ nothing") and not is_diff("a --- b +++ c")
    assert patch_in(f"words\n{PATCH}") == 6 and patch_in("words") == 0


def test_lines_are_marked_and_escaped():
    html = diff_html(PATCH)
    assert '<span class="del">-&lt;a&gt;</span>\n<span class="add">+&lt;b&gt;</span>\n &lt;c&gt;</code>' in html
    assert '<span class="hunk">--- a/x</span>' in html and "<a>" not in html


def test_two_texts_are_compared():
    found = compared("<a>\nb\nc", "<a>\nB\nc")
    assert (found.added, found.removed) == (1, 1)
    assert '  &lt;a&gt;\n<span class="del">- b</span>\n<span class="add">+ B</span>\n  c' in found.html
    assert compared("a", "a").html == '<pre class="diff"><code></code></pre>\n'


def test_far_from_each_other_changes_are_apart():
    lines = [str(number) for number in range(40)]
    other = ["x", *lines[1:30], "y", *lines[31:]]
    assert '<span class="hunk">@@ line 28 @@</span>' in compared("\n".join(lines), "\n".join(other)).html


def test_comparing_is_bounded():
    found = compared("\n".join(map(str, range(9000))), "\n".join(map(str, range(1, 9000))))
    assert f"the first {MAX_LINES:,} lines are compared" in found.html and found.added == found.removed == 1
