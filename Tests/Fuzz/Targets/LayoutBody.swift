import Model

@testable import Pipelines

/// What `pipeline fmt` writes has the same values, and is not changed by a second time.
enum LayoutBody {
  @Sendable static func check(_ bytes: [UInt8]) throws(Broken) {
    guard case .formatted(let text) = PipelineFormat.canonical(bytes) else { return }
    guard case .success(let before) = SourceReader.read(bytes).tree,
      case .success(let after) = SourceReader.read(Array(text.utf8)).tree
    else { throw Broken("What was formatted cannot be read: \(text)") }
    try promise(before.json.text == after.json.text, "\(before.json.text) became \(after.json.text)")
    switch PipelineFormat.canonical(Array(text.utf8)) {
    case .formatted(let again): try promise(again == text, "First:\n\(text)\nthen:\n\(again)")
    case .refused(let finding): throw Broken("\(finding.code) for what was formatted:\n\(text)")
    }
  }
}
