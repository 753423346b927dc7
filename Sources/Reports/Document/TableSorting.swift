/// Sorts the rows of a page's tables by a column whose heading is pressed; without scripts tables stay as they are.
enum TableSorting {
  /// A table with fewer rows is seen at once.
  static let fewestRows = 6

  static let style = """
    th button{font:inherit;color:inherit;background:none;border:0;padding:0;cursor:pointer;text-align:inherit}
    th button:focus-visible{outline:2px solid var(--c0)}
    th[aria-sort=descending] button::after{content:" ↓"}th[aria-sort=ascending] button::after{content:" ↑"}
    """

  /// Numbers fall at the first press, names rise; what has no value stays at the end.
  static let script = """
    for (const table of document.querySelectorAll(".table table")) {
      const body = table.tBodies[0]
      if (body.rows.length < \(fewestRows)) continue
      const heads = [...table.tHead.rows[0].cells]
      heads.forEach((head, column) => {
        const button = document.createElement("button")
        button.type = "button"
        button.append(...head.childNodes)
        head.append(button)
        const text = row => row.cells[column] ? row.cells[column].textContent.trim() : ""
        const isMissing = text => text === "" || text === "\u{2014}"
        const number = text => {
          const found = text.replace(/,/g, "").match(/^[^0-9-]*(-?\\d*\\.?\\d+(?:e[+-]?\\d+)?)/i)
          const own = found ? Number(found[1]) : NaN
          const below = text.match(/^1 - (\\d.*)$/)
          return below ? 1 - Number.parseFloat(below[1]) : own
        }
        button.addEventListener("click", () => {
          const rows = [...body.rows]
          const known = rows.map(text).filter(value => !isMissing(value))
          const isNumeric = known.every(value => /^[<>≥≤]?\\s?-?\\.?\\d/.test(value))
          const before = head.getAttribute("aria-sort")
          const falls = before ? before === "ascending" : isNumeric
          heads.forEach(other => other.removeAttribute("aria-sort"))
          head.setAttribute("aria-sort", falls ? "descending" : "ascending")
          rows.sort((a, b) => {
            const [x, y] = [text(a), text(b)]
            if (isMissing(x) || isMissing(y)) return isMissing(x) - isMissing(y)
            const order = isNumeric ? number(x) - number(y) : x.localeCompare(y, undefined, { numeric: true })
            return falls ? -order : order
          })
          body.append(...rows)
        })
      })
    }
    """
}
