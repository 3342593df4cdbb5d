import Model

@testable import Engine

/// Who asks something of the node, and what they have heard.
struct Clients {
  /// What somebody wants.
  enum Wish {
    case start(PipelineName, key: String)
    case message(trigger: String, key: String)
    case signal(key: String, message: String?)
    case answer(GivenAnswer)
    case cancel(ID<Job>)
    case kill(ID<Job>)
    case resolve(ID<Job>, NodeNumber)
    case release(ID<Job>)
    case pause
    case resume
  }

  private var count = 0
  /// Without an answer, by the number of the request.
  private(set) var open: [Int: Wish] = [:]
  /// Not sent yet, or lost with a node: those are sent again with the key that makes them the same.
  private(set) var unsent: [Wish] = []
  /// Answers that nobody waited for any more would be a fault of the world.
  private(set) var answered = 0

  mutating func wish(_ wish: Wish) { unsent.append(wish) }

  mutating func takeUnsent() -> Wish? { unsent.isEmpty ? nil : unsent.removeFirst() }

  mutating func send(_ wish: Wish) -> Int {
    count += 1
    open[count] = wish
    return count
  }

  mutating func close(_ request: Int) -> Wish? {
    guard let wish = open.removeValue(forKey: request) else { return nil }
    answered += 1
    return wish
  }

  /// The node is gone, and nobody knows what became of what was asked.
  mutating func lose() {
    for (_, wish) in open.sorted(by: { $0.key < $1.key }) where wish.isRepeated { unsent.append(wish) }
    open = [:]
  }
}

extension Clients.Wish {
  /// Whether a client asks again until it is answered.
  var isRepeated: Bool {
    switch self {
    case .start, .message, .resume: true
    case .signal(_, let message): message != nil
    case .answer, .cancel, .kill, .resolve, .release, .pause: false
    }
  }
}
