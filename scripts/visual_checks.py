"""The checks of scripts/visual that take Python: notebooks, figures, and pages in a browser."""

import json
import pathlib
import shutil
import sys

import altair
import jsonschema
import nbclient
import nbconvert
import nbformat
import playwright.sync_api
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


# What is wrong with a page as it is laid out: what lies outside of it and cannot be scrolled to, and labels of figures on each other. Labels that stand
# slanted side by side have boxes that overlap: their distance counts.
FAULTS = """() => {
  const faults = [], width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth > width + 1) faults.push(`the page is ${document.documentElement.scrollWidth} wide`)
  const scrolls = element => {
    for (; element && element !== document.body; element = element.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(element).overflowX)) return true
    return false
  }
  const name = element => element.tagName + " " + element.textContent.slice(0, 40).replace(/\\s+/g, " ")
  for (const element of document.querySelectorAll("table, figure svg, p, li, h1, h2"))
    if (element.getBoundingClientRect().right > width + 1 && !scrolls(element)) faults.push(`lost to the right: ${name(element)}`)
  for (const svg of document.querySelectorAll("figure svg")) {
    const labels = [...svg.querySelectorAll("text")].filter(label => label.textContent.trim())
      .map(label => ({ label, box: label.getBoundingClientRect(), slanted: /rotate\\(-40/.test(label.getAttribute("transform") || "") }))
    for (const [i, a] of labels.entries()) for (const b of labels.slice(i + 1)) {
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left)
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top)
      if (across <= 2 || down <= 3) continue
      if (a.slanted && b.slanted && Math.abs(a.box.right - b.box.right) * Math.sin(40 * Math.PI / 180) > 8) continue
      faults.push(`${a.label.textContent} and ${b.label.textContent} are on each other`)
    }
  }
  return faults
}"""


def check_pages():
    with playwright.sync_api.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for path in sorted(out.glob("pages/*.html")):
            # Paper of A4 has 680 points of the page's size between its margins.
            for width, media in ((1280, "screen"), (768, "screen"), (400, "screen"), (680, "print")):
                for scheme in ("light", "dark") if media == "screen" else ("light",):
                    name = f"{path.stem} at {width} for {media}, {scheme}"
                    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                    said = []
                    page.on("console", lambda message: said.append(message.text))
                    page.on("pageerror", lambda error: said.append(str(error)))
                    page.emulate_media(media=media, color_scheme=scheme)
                    page.goto(path.resolve().as_uri())
                    faults = said + page.evaluate(FAULTS)
                    if faults:
                        fail(f"{name}: {faults[0]}" + (f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""))
                    picture = path.with_name(f"{path.stem}-{width}-{media}-{scheme}.png")
                    page.screenshot(path=picture, full_page=True)
                    if (Image.open(picture).convert("L").getpixel((2, 2)) < 128) != (scheme == "dark"):
                        fail(f"{name}: the ground is of the other scheme")
                    page.close()
            print(f"{path}: at 1280, 768 and 400, light and dark, and in print: nothing is lost, no labels are on each other, no message on the console")
        browser.close()


for path in sorted(pathlib.Path("notebooks-export").glob("*.ipynb")):
    print(f"{path}: {check_notebook(path)} cells of code, the same when executed")
print(f"{check_figures()} figures keep to the schema and render")
check_pages()
