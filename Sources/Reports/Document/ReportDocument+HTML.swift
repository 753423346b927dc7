extension ReportDocument {
  /// One page that needs nothing else: no network, and no script but for maps of texts and for sorting
  /// tables. Light or dark as the reader
  /// has it; prints on paper.
  public var html: String {
    var body: [String] = []
    var title = "Report"
    var figures = 0
    var hasAnswer = false
    var maps = 0
    var hasPassages = false
    var isSortable = false
    for block in blocks {
      switch block {
      case .title(let text):
        title = text
        body.append("<h1>\(htmlEscaped(text))</h1>")
      case .heading(let text): body.append("<h2>\(htmlEscaped(text))</h2>")
      case .paragraph(let text):
        // The first paragraph answers the question.
        body.append("<p\(hasAnswer ? "" : " class=\"answer\"")>\(htmlEscaped(text))</p>")
        hasAnswer = true
      case .list(let items): body.append("<ul>" + items.map { "<li>\(htmlEscaped($0))</li>" }.joined() + "</ul>")
      case .table(let table):
        isSortable = isSortable || table.rows.count >= TableSorting.fewestRows
        body.append(Self.html(of: table))
      case .passages(let passages):
        hasPassages = true
        body += passages.map(\.html)
      case .heatMap(let map):
        maps += 1
        body.append(map.html(identifier: "map-\(maps)"))
      case .figure(let figure):
        figures += 1
        body.append(
          "<figure tabindex=\"0\">\n\(figure.svg(identifier: "figure-\(figures)"))\n<figcaption><strong>\(htmlEscaped(figure.title)).</strong> "
            + "\(htmlEscaped(figure.caption))</figcaption>\n</figure>")
      }
    }
    let scripts = (maps > 0 ? [HeatMap.script] : []) + (isSortable ? [TableSorting.script] : [])
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="generator" content="skewmem">
      <title>\(htmlEscaped(title))</title>
      <style>
      \(Figure.colorStyle)
      \(Self.pageStyle)
      \(Figure.pictureStyle)\(maps > 0 ? "\n" + HeatMap.style : "")\(hasPassages ? "\n" + Passage.style : "")\(isSortable ? "\n" + TableSorting.style : "")
      </style>
      </head>
      <body>
      <main>
      \(body.joined(separator: "\n"))
      </main>\(scripts.map { "\n<script>\n\($0)\n</script>" }.joined())
      </body>
      </html>

      """
  }

  /// A table that needs no style sheet.
  static func html(of table: Table) -> String {
    func cells(_ row: [String], _ tag: String) -> String {
      row.enumerated().map { column, text in
        let isLeft = table.isLeft.indices.contains(column) && table.isLeft[column]
        let scope = tag == "th" ? " scope=\"col\"" : text.count > 40 ? " class=\"long\"" : ""
        return "<\(tag)\(scope)\(isLeft ? " style=\"text-align:left\"" : "")>\(htmlEscaped(text))</\(tag)>"
      }.joined()
    }
    // Wide tables scroll by themselves, and can be reached with the keyboard.
    return
      "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"\(htmlEscaped(table.columns.joined(separator: ", ")))\"><table>\n<thead><tr>"
      + cells(table.columns, "th") + "</tr></thead>\n<tbody>\n"
      + table.rows.map { "<tr>\(cells($0, "td"))</tr>" }.joined(separator: "\n") + "\n</tbody></table></div>"
  }

  private static let pageStyle = """
    body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
    main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}
    h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}
    h2{font-size:1.15rem;margin:2.25rem 0 .5rem;padding-top:.75rem;border-top:1px solid var(--rule);overflow-wrap:anywhere}
    p,li{max-width:46rem;overflow-wrap:anywhere}p.answer{font-size:1.1rem}
    figure{margin:1.25rem 0;padding:.75rem;background:var(--shade);border-radius:6px}
    figure svg{display:block;width:100%;height:auto}figcaption{color:var(--quiet);font-size:.9rem;margin-top:.5rem}
    @media (max-width:40rem){figure{overflow-x:auto}figure svg{min-width:36rem}
    figure svg.scales{min-width:0;overflow:visible}svg.scales text{font-size:17px}svg.scales .name{font-size:14px}}
    .table{overflow-x:auto;margin:.75rem 0}.table:focus-visible{outline:2px solid var(--c0)}
    table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
    th,td{padding:.3rem .7rem;text-align:right;white-space:nowrap;border-bottom:1px solid var(--rule)}
    th{color:var(--quiet);font-weight:600}td.long{white-space:normal;overflow-wrap:anywhere;min-width:14rem}
    @media print{main{max-width:none;padding:0}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}\
    .table{overflow:visible}
    body{font-size:11pt}table{font-size:8pt}th,td{white-space:normal;overflow-wrap:anywhere;padding:.2rem .35rem}td.long{min-width:0}}
    """
}
