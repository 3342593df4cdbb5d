import Expressions
import Model

/// Finds fan-outs whose number of items can be known, and which are too long for one execution an item
/// (`semantics.md`, S26).
struct ItemChecker {
  /// Beyond so many items outputs are kept only where the step says `keep: all`.
  static let fewItems = 1_000
  private static let depth = 16

  let draft: Draft

  func check() {
    var unkept: [Int: Int] = [:]
    for index in draft.steps.indices {
      guard let forEach = draft.steps[index].forEach, let items = items(of: forEach) else { continue }
      if items > Self.fewItems, forEach.batch == nil { suggestBatch(forEach, items) }
      if let executions = executions(items, forEach), executions > Self.fewItems, forEach.keep != .all {
        unkept[index] = executions
      }
    }
    if unkept.isEmpty { return }
    for site in draft.sites.indices {
      for mention in draft.mentions(of: site) { refuse(mention, in: site, unkept) }
    }
  }

  private func items(of forEach: ForEachDraft) -> Int? {
    forEach.isLines ? nil : forEach.items.flatMap { length(ofSite: $0, Self.depth) }
  }

  private func executions(_ items: Int, _ forEach: ForEachDraft) -> Int? {
    switch forEach.batch {
    case nil: items
    case .fixed(let size): (items + size - 1) / max(1, size)
    case .computed: nil
    }
  }

  private func length(ofSite index: Int, _ depth: Int) -> Int? {
    guard depth > 0, let known = draft.sites[index].parsed?.knownLength else { return nil }
    switch known {
    case .count(let count): return count
    case .sameAs(let names): return length(of: names, seenFrom: draft.sites[index].view, depth - 1)
    }
  }

  private func length(of names: [String], seenFrom view: View, _ depth: Int) -> Int? {
    guard names.count >= 2 else { return nil }
    let name = ScalarString(names[1])
    switch (names[0], names.count) {
    case ("vars", 2):
      return draft.head.vars.first { ScalarString($0.name) == name }.flatMap { length(of: $0.value, depth) }
    case ("inputs", 2):
      return draft.head.inputs.first { ScalarString($0.name) == name }?.schema.rules.first?.minItems
    case ("steps", 3) where names[2] == "output":
      guard let step = view.scope.flatMap({ draft.step(names[1], from: $0) }),
        case .value(let value) = draft.steps[step].kind
      else { return nil }
      return length(of: value, depth)
    case _: return nil
    }
  }

  private func length(of template: TemplateDraft, _ depth: Int) -> Int? {
    switch template {
    case .literal(let json, _): json.array?.count
    case .list(let items, _): items.count
    case .expression(let site, _): length(ofSite: site, depth)
    case .text, .map: nil
    }
  }

  private func suggestBatch(_ forEach: ForEachDraft, _ items: Int) {
    guard let site = forEach.items.map({ draft.sites[$0] }) else { return }
    draft.report.warning(
      "many-items",
      at: draft.report.source.span(of: site.offset..<site.offset + site.sourceLength, in: site.node),
      path: site.path,
      Bilingual(
        "these are \(items) items, and each is executed by itself.",
        pt: "são \(items) itens, e cada um é executado sozinho."),
      remedy: Bilingual(
        "Write batch: 100, so that one execution takes 100 of them.",
        pt: "Escreva batch: 100, para que uma execução receba 100 deles."))
  }

  private func refuse(_ mention: Mention, in index: Int, _ unkept: [Int: Int]) {
    let site = draft.sites[index]
    guard mention.head.text == "steps", mention.names.count > 2, mention.names[2].text == "outputs",
      let scope = site.view.scope, let target = draft.step(mention.names[1].text, from: scope),
      let items = unkept[target]
    else { return }
    let range = mention.range(to: 2)
    let place = range.lowerBound + site.offset..<range.upperBound + site.offset
    let name = mention.names[1].text
    draft.report.error(
      "outputs-not-kept", at: draft.report.source.span(of: place, in: site.node), path: site.path,
      Bilingual(
        "the step \"\(name)\" has \(items) items, and keeps the outputs of at most \(Self.fewItems).",
        pt: "o passo \"\(name)\" tem \(items) itens, e guarda as saídas de no máximo \(Self.fewItems)."),
      remedy: Bilingual(
        "Give \(name) keep: all or a batch, or read counts and errors.",
        pt: "Dê a \(name) keep: all ou batch, ou leia counts e errors."))
  }
}
