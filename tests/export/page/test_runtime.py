import pytest

from aezoo.export.page.runtime import runtime_files


def test_two_builds_and_where_their_parts_are(npm):
    files = runtime_files(npm)
    assert set(files) == {
        "core.js",
        "wasm-utils.js",
        "package.json",
        *(
            f"litert_wasm{build}_internal.{kind}"
            for build in ("", "_compat")
            for kind in ("js", "wasm")
        ),
    }
    assert b'from "./wasm-utils.js"' in files["core.js"]
    assert b"@litertjs/wasm-utils" not in files["core.js"]
    assert files["core.js"].startswith(b"// Changed by aezoo")  # as its licence asks
    assert files["wasm-utils.js"] == b"export let createWasmLib;\n"


def test_utilities_within_the_package(npm):
    within = npm / "node_modules" / "@litertjs"
    within.mkdir(parents=True)
    (npm.parent / "wasm-utils").rename(within / "wasm-utils")
    assert runtime_files(npm)["wasm-utils.js"] == b"export let createWasmLib;\n"


def test_what_is_missing_is_named(npm, tmp_path):
    with pytest.raises(FileNotFoundError, match="npm install @litertjs/core"):
        runtime_files(tmp_path / "nothing")
    with pytest.raises(ValueError, match="Expected the npm package @litertjs/core.*wasm-utils"):
        runtime_files(npm.parent / "wasm-utils")
    (npm / "wasm/litert_wasm_compat_internal.wasm").unlink()
    with pytest.raises(FileNotFoundError, match="litert_wasm_compat_internal.wasm"):
        runtime_files(npm)
    (npm.parent / "wasm-utils").rename(npm.parent / "others")
    with pytest.raises(FileNotFoundError, match="There is no @litertjs/wasm-utils"):
        runtime_files(npm)
    (npm / "dist/index.js").write_text("export let core;\n")
    with pytest.raises((ValueError, FileNotFoundError), match="@litertjs"):
        runtime_files(npm)
    (npm / "package.json").write_text("{")
    with pytest.raises(ValueError, match="package.json is damaged"):
        runtime_files(npm)


def test_another_version(npm):
    (npm / "dist/index.js").write_text("export let core;\n")
    with pytest.raises(ValueError, match="install @litertjs/core@2"):
        runtime_files(npm)
