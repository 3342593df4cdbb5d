internal import Model

// What is refused about messages that leave.
extension Problem {
  static func noDestination(_ name: String) -> Problem {
    Problem(
      "no-destination",
      Bilingual("There is no destination \(name).", pt: "Não existe o destino \(name)."),
      remedy: Bilingual(
        "Destinations stand in esteira.yaml; list them with: esteira destination ls",
        pt: "Os destinos ficam em esteira.yaml; liste com: esteira destination ls"))
  }

  static func noDelivery(_ id: Int64) -> Problem {
    Problem(
      "no-delivery", Bilingual("There is no delivery \(id).", pt: "Não existe a entrega \(id)."),
      remedy: Bilingual(
        "List them with: esteira destination deliveries NAME",
        pt: "Liste com: esteira destination deliveries NOME"))
  }

  static func notRedeliverable(_ id: Int64) -> Problem {
    Problem(
      "not-redeliverable",
      Bilingual(
        "The message of the delivery \(id) is a dead letter, or was never delivered.",
        pt: "A mensagem da entrega \(id) é uma carta morta, ou nunca foi entregue."),
      remedy: Bilingual(
        "Send letters again with: esteira dlq replay", pt: "Reenvie cartas com: esteira dlq replay"))
  }

  static func outboxFull(_ name: String, _ most: Int) -> Problem {
    Problem(
      "outbox-full",
      Bilingual(
        "\(most) messages wait for the destination \(name) already.",
        pt: "\(most) mensagens já esperam pelo destino \(name)."),
      remedy: Bilingual(
        "See what holds them up: esteira destination get \(name)",
        pt: "Veja o que as segura: esteira destination get \(name)"))
  }

  static func eventTooLong(_ type: String, _ size: Int) -> Problem {
    Problem(
      "event-too-large",
      Bilingual(
        "A message of type \(type) has \(size) bytes; the most are \(OutgoingMessage.longest).",
        pt: "Uma mensagem do tipo \(type) tem \(size) bytes; o máximo são \(OutgoingMessage.longest)."))
  }
}
