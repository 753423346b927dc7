import Foundation

extension HeatMap {
  /// The map as an element of a page that has ``style`` and ``script``.
  func html(identifier: String) -> String {
    """
    <section class="heat" id="\(identifier)" aria-label="Map of \(htmlEscaped(name))">
    <h2>Map of \(htmlEscaped(name))</h2>
    <noscript><p>The map needs scripts; the tables do not.</p></noscript>
    <script type="application/json">\(data)</script>
    </section>
    """
  }

  /// What the script draws from: text and lengths of tokens in UTF-16, as scripts count.
  private var data: String {
    let layers = layers.map { layer in
      let runs = shown(layer.runs).map { "[\($0.start),\($0.end),\(Self.number($0.logProbability))]" }
      return "{\"name\":\(Self.quoted(layer.name)),\"runs\":[\(runs.joined(separator: ","))]}"
    }
    var members = ["\"tokens\":\(tokens)", "\"layers\":[\(layers.joined(separator: ","))]"]
    members.append("\"thresholds\":[\(thresholds.map { "\($0)" }.joined(separator: ","))]")
    if let texts {
      members.append("\"text\":\(Self.quoted(texts.joined()))")
      members.append("\"lengths\":[\(texts.map { "\($0.utf16.count)" }.joined(separator: ","))]")
    }
    return "{\(members.joined(separator: ","))}"
  }

  /// Where shades change.
  private static let steps = [0.001, 0.01, 0.1, 0.5]

  /// The runs that can be shaded, neighbours of one shade as one with the largest value: what a page needs of a
  /// million.
  private func shown(_ runs: [Run]) -> [Run] {
    let edges = (thresholds + Self.steps).map { log($0) - 1e-12 }
    guard let least = thresholds.min().map({ log($0) - 1e-12 }) else { return [] }
    func shade(_ run: Run) -> Int { edges.count { run.logProbability >= $0 } }
    var shown: [Run] = []
    for run in runs where run.logProbability >= least {
      if let last = shown.last, last.end == run.start, shade(last) == shade(run) {
        shown[shown.count - 1] = Run(
          start: last.start, end: run.end, logProbability: max(last.logProbability, run.logProbability))
      } else {
        shown.append(run)
      }
    }
    return shown
  }

  /// Four digits are enough for a shade.
  private static func number(_ value: Double) -> String { String(format: "%.4g", value) }

  /// JSON in which nothing ends the element around it.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{0}"..."\u{1F}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// Shades from light to dark, or on a dark page from dark to light, so that they are told apart without colors; on
  /// paper, where grounds may be left out, by the line below.
  static let style = """
    :root{--h1:#fdebc8;--h2:#f8bd6d;--h3:#d9692a;--h4:#7d1d0c;--h3i:#000;--h4i:#fff}
    @media (prefers-color-scheme:dark){:root{--h1:#3b2411;--h2:#7c4213;--h3:#d98a2b;--h4:#ffe9b0;--h3i:#000;--h4i:#000}}
    @media print{:root{--h1:#fdebc8;--h2:#f8bd6d;--h3:#d9692a;--h4:#7d1d0c;--h3i:#000;--h4i:#fff}}
    .heat{margin:1.25rem 0;padding:.75rem;background:var(--shade);border-radius:6px}.heat h2{margin:0 0 .5rem;padding:0;border:0;font-size:1rem}
    .heat canvas{display:block;width:100%;height:36px;border:1px solid var(--rule);cursor:pointer;box-sizing:border-box}
    .heat .bar{display:flex;flex-wrap:wrap;gap:.4rem .8rem;align-items:center;margin:.5rem 0;font-size:.9rem}
    .heat .text{background:var(--ground);padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.7}
    .heat mark{color:inherit;background:none;-webkit-print-color-adjust:exact;print-color-adjust:exact}
    .heat .k1{background:var(--h1);border-bottom:2px dotted}.heat .k2{background:var(--h2);border-bottom:2px dashed;color:#000}
    @media (prefers-color-scheme:dark){.heat .k2{color:#fff}}@media print{.heat .k2{color:#000}}
    .heat .k3{background:var(--h3);border-bottom:2px solid;color:var(--h3i)}
    .heat .k4{background:var(--h4);border-bottom:4px double;color:var(--h4i)}
    .heat .none{color:var(--quiet)}
    .heat button,.heat select{font:inherit}@media print{.heat button{display:none}.heat select{appearance:none;border:0;background:none}}
    """

  /// Draws every map of a page: a strip of the whole text, and the passage that the reader has gone to.
  static let script = #"""
    document.querySelectorAll(".heat").forEach(heat => {
      const data = JSON.parse(heat.querySelector("script").textContent), total = data.tokens, page = 800
      const steps = [0.001, 0.01, 0.1, 0.5] // as in the data
      const make = (tag, parent, text) => {
        const element = document.createElement(tag)
        if (text !== undefined) element.textContent = text
        parent.append(element)
        return element
      }
      const strip = make("canvas", heat), bar = make("div", heat), legend = make("div", heat)
      bar.className = legend.className = "bar"
      const choose = (label, values, change) => {
        const box = make("label", bar, label + " "), select = make("select", box)
        values.forEach((value, index) => { make("option", select, value).value = index })
        select.onchange = () => { change(+select.value); draw() }
      }
      let layer = 0, threshold = 0, first = 0, spans = []
      choose("Match of", data.layers.map(l => l.name), i => { layer = i })
      choose("shaded from", data.thresholds.map(String), i => { threshold = i })
      const button = (text, label, act) => {
        const element = make("button", bar, text)
        element.type = "button"
        element.title = label
        element.setAttribute("aria-label", label)
        element.onclick = () => { act(); draw() }
      }
      const go = token => { first = Math.max(0, Math.min(token, total - 1)) }
      button("◂ span", "Previous span", () => {
        const before = spans.filter(s => s[0] < first)
        if (before.length) go(before[before.length - 1][0])
      })
      button("span ▸", "Next span", () => { const next = spans.find(s => s[0] > first); if (next) go(next[0]) })
      button("◂", "Back", () => go(first - page))
      button("▸", "Forward", () => go(first + page))
      const status = make("span", bar)
      status.setAttribute("aria-live", "polite")
      make("span", legend, "Probability of a window:")
      steps.forEach((step, index) => {
        make("mark", legend, index < 3 ? `${step} – ${steps[index + 1]}` : `${step} and more`).className = `k${index + 1}`
      })
      const text = make("div", heat)
      text.className = "text"
      text.tabIndex = 0
      const places = new Uint32Array(total + 1)
      if (data.lengths) for (let i = 0; i < total; i++) places[i + 1] = places[i] + data.lengths[i]
      const level = value => steps.filter(step => value >= Math.log(step) - 1e-12).length
      const shown = run => run[2] >= Math.log(data.thresholds[threshold]) - 1e-12
      const color = name => getComputedStyle(document.documentElement).getPropertyValue(name)
      strip.tabIndex = 0
      strip.setAttribute("role", "slider")
      strip.setAttribute("aria-label", "Place in the text")
      strip.setAttribute("aria-valuemin", 0)
      strip.setAttribute("aria-valuemax", total)
      strip.onclick = event => {
        const box = strip.getBoundingClientRect()
        go(Math.floor((event.clientX - box.left) / box.width * total))
        draw()
      }
      strip.onkeydown = event => {
        const by = { ArrowLeft: -page, ArrowRight: page, Home: -total, End: total }[event.key]
        if (by === undefined) return
        event.preventDefault()
        go(first + by)
        draw()
      }
      function drawStrip(runs) {
        const ratio = window.devicePixelRatio || 1, width = Math.max(100, Math.round(strip.clientWidth * ratio))
        const height = Math.round(36 * ratio)
        strip.width = width
        strip.height = height
        const bins = new Float64Array(width).fill(-Infinity)
        for (const [start, end, value] of runs) {
          const last = Math.min(width - 1, Math.floor((end - 1) / total * width))
          for (let bin = Math.floor(start / total * width); bin <= last; bin++) bins[bin] = Math.max(bins[bin], value)
        }
        const pen = strip.getContext("2d"), colors = [1, 2, 3, 4].map(i => color(`--h${i}`))
        const ink = color("--ink")
        bins.forEach((value, bin) => {
          const step = level(value)
          if (!step) return
          const tall = height * step / 4
          pen.fillStyle = colors[step - 1]
          pen.fillRect(bin, height - tall, 1, tall)
          pen.fillStyle = ink
          pen.fillRect(bin, height - tall, 1, ratio)
        })
        pen.strokeStyle = ink
        pen.lineWidth = 2 * ratio
        pen.strokeRect(first / total * width, ratio, Math.max(3 * ratio, page / total * width), height - 2 * ratio)
        strip.setAttribute("aria-valuenow", first)
      }
      function draw() {
        const runs = data.layers[layer].runs.filter(shown)
        spans = []
        let covered = 0
        for (const [start, end] of runs) {
          covered += end - start
          if (spans.length && spans[spans.length - 1][1] === start) spans[spans.length - 1][1] = end
          else spans.push([start, end])
        }
        const last = Math.min(total, first + page)
        status.textContent = `${(100 * covered / total).toPrecision(3)} % of ${total} tokens, ` +
          `${spans.length} spans; shown: tokens ${first} to ${last}`
        drawStrip(runs)
        text.replaceChildren()
        const slice = (from, to) => data.text === undefined
          ? `[tokens ${from} to ${to}] ` : data.text.slice(places[from], places[to])
        let at = first
        const put = (end, step, value) => {
          if (end <= at) return
          const element = make(step ? "mark" : "span", text, slice(at, end))
          if (step) {
            element.className = `k${step}`
            element.title = `p up to ${Math.exp(value).toPrecision(3)}, tokens ${at} to ${end}`
          } else if (data.text === undefined) element.className = "none"
          at = end
        }
        for (const [start, end, value] of runs) {
          if (end <= first) continue
          if (start >= last) break
          put(Math.min(start, last), 0)
          put(Math.min(end, last), Math.max(1, level(value)), value)
        }
        put(last, 0)
      }
      draw()
      addEventListener("resize", () => draw())
      matchMedia("(prefers-color-scheme:dark)").addEventListener("change", draw)
    })
    """#
}
