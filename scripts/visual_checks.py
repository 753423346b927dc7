"""The checks of scripts/visual that take Python: notebooks, figures, and pages in a browser."""

import json
import pathlib
import re
import subprocess
import sys

import altair
import jsonschema
import nbclient
import nbconvert
import nbformat
import vl_convert
from PIL import Image

out = pathlib.Path(sys.argv[1])


def fail(message):
    sys.exit(f"visual: {message}")


def normal(outputs):
    """Outputs as they compare: joined lines, without counts of execution."""
    for output in outputs:
        text = output.get("text", "")
        data = {kind: "".join(value) if isinstance(value, list) else value for kind, value in output.get("data", {}).items()}
        yield output["output_type"], "".join(text), data


def printed(outputs):
    """Consecutive prints are one output or several, as the kernel pleases."""
    merged = []
    for kind, text, data in normal(outputs):
        if kind == "stream" and merged and merged[-1][0] == "stream":
            merged[-1] = (kind, merged[-1][1] + text, {})
        else:
            merged.append((kind, text, data))
    return merged


def check_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    if notebook.nbformat_minor < 5:
        fail(f"{path} is not of nbformat 4.5")
    page, _ = nbconvert.HTMLExporter().from_notebook_node(notebook)
    (out / "notebooks" / (path.stem + ".html")).write_text(page, encoding="utf-8")
    executed = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(executed, timeout=600, resources={"metadata": {"path": str(path.parent)}}).execute()
    cells = zip(notebook.cells, executed.cells)
    for number, (committed, again) in enumerate(cells, 1):
        if committed.cell_type == "code" and printed(committed.outputs) != printed(again.outputs):
            fail(f"{path}: cell {number} gives something else when it is executed")
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def specifications():
    for path in sorted(out.glob("figures/*/*.vl.json")):
        yield path, json.loads(path.read_text())
    for path in sorted(pathlib.Path("notebooks-export").glob("*.ipynb")):
        count = 0
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                figure = output.get("data", {}).get("application/vnd.vegalite.v5+json")
                if figure:
                    count += 1
                    yield out / "figures" / f"{path.stem}-{count}.vl.json", figure


def check_figures():
    schema = json.loads((pathlib.Path(altair.__file__).parent / "vegalite/v5/schema/vega-lite-schema.json").read_text())
    validator = jsonschema.Draft7Validator(schema)
    count = 0
    for path, specification in specifications():
        errors = list(validator.iter_errors(specification))
        if errors:
            fail(f"{path}: {errors[0].message[:300]}")
        picture = vl_convert.vegalite_to_png(json.dumps(specification), vl_version="5.20")
        path.with_suffix("").with_suffix(".png").write_bytes(picture)
        count += 1
    for path in sorted(out.glob("figures/*/*.svg")):
        vl_convert.svg_to_png(path.read_text())
    return count


def check_page(path, name, width, height, is_dark):
    picture = path.with_name(f"{path.stem}-{name}.png")
    scheme = ["--blink-settings=preferredColorScheme=0"] if is_dark else ["--blink-settings=preferredColorScheme=1"]
    process = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--enable-logging=stderr"]
        + scheme
        + [f"--window-size={width},{height}", f"--screenshot={picture.resolve()}", path.resolve().as_uri()],
        capture_output=True, text=True, timeout=120)
    console = [line for line in process.stderr.splitlines() if re.search(r"CONSOLE", line)]
    if console:
        fail(f"{path} in {name}: {console[0]}")
    if not picture.exists():
        fail(f"{path} in {name}: no picture. {process.stderr[-500:]}")
    ground = Image.open(picture).convert("L").getpixel((2, 2))
    if (ground < 128) != is_dark:
        fail(f"{path} in {name}: the ground has lightness {ground}")


for path in sorted(pathlib.Path("notebooks-export").glob("*.ipynb")):
    print(f"{path}: {check_notebook(path)} cells of code, the same when executed")
print(f"{check_figures()} figures keep to the schema and render")
for path in sorted(out.glob("pages/*.html")):
    # Chromium's narrowest window is 500 wide.
    for name, width, height in (("desktop", 1280, 4000), ("phone", 500, 4000)):
        for is_dark in (False, True):
            check_page(path, f"{name}-{'dark' if is_dark else 'light'}", width, height, is_dark)
    print(f"{path}: desktop and phone, light and dark, no message on the console")
