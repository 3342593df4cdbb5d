import Model

/// Why a message of a client was not done. The word is the `code` of the answer.
enum HubFault: String, Error, Sendable, CaseIterable {
  case invalidMessage = "invalid_message"
  case messageTooLarge = "message_too_large"
  case unknownType = "unknown_type"
  case unknownChannel = "unknown_channel"
  case notAvailable = "not_available"
  /// There is no such thing, or the client may not see it: nobody can tell which.
  case notFound = "not_found"
  case notAllowed = "not_allowed"
  case signInFirst = "sign_in_first"
  case wrongTicket = "wrong_ticket"
  case alreadySubscribed = "already_subscribed"
  case notSubscribed = "not_subscribed"
  case tooManySubscriptions = "too_many_subscriptions"
  case unavailable = "unavailable"

  private static let channels =
    "job:{id}, logs:{job}, pipeline:{namespace}~{name}, namespace:{name}, label:{name}={value}, asks:me, "
    + "global, queues, workers, alerts, operation:{id}"

  var text: Bilingual {
    switch self {
    case .invalidMessage:
      Bilingual(
        "A message is one JSON object such as {\"type\":\"subscribe\",\"id\":1,\"channel\":\"global\"}.",
        pt: "Uma mensagem é um objeto JSON como {\"type\":\"subscribe\",\"id\":1,\"channel\":\"global\"}.")
    case .messageTooLarge:
      Bilingual(
        "A message has at most \(HubLimits.messageIn) bytes.",
        pt: "Uma mensagem tem no máximo \(HubLimits.messageIn) bytes.")
    case .unknownType:
      Bilingual(
        "There are: auth (only first), subscribe, unsubscribe, ping.",
        pt: "Existem: auth (só no início), subscribe, unsubscribe, ping.")
    case .unknownChannel:
      Bilingual(
        "There is no such channel. There are: \(Self.channels).",
        pt: "Esse canal não existe. Existem: \(Self.channels).")
    case .notAvailable:
      Bilingual(
        "This server has nothing to tell on that channel.",
        pt: "Este servidor não tem nada a dizer nesse canal.")
    case .notFound:
      Bilingual("There is nothing of that name.", pt: "Não existe nada com esse nome.")
    case .notAllowed:
      Bilingual("Your roles do not allow this.", pt: "Seus papéis não permitem isso.")
    case .signInFirst:
      Bilingual(
        "Send {\"type\":\"auth\",\"ticket\":…} first, with a ticket from POST /api/v1/auth/ws-ticket.",
        pt: "Envie antes {\"type\":\"auth\",\"ticket\":…}, com um ticket de POST /api/v1/auth/ws-ticket.")
    case .wrongTicket:
      Bilingual(
        "The ticket is not valid, or not any more.", pt: "O ticket não é válido, ou não é mais.")
    case .alreadySubscribed:
      Bilingual(
        "The channel is subscribed to already; unsubscribe first.",
        pt: "O canal já está assinado; cancele a assinatura antes.")
    case .notSubscribed:
      Bilingual("The channel is not subscribed to.", pt: "O canal não está assinado.")
    case .tooManySubscriptions:
      Bilingual(
        "A connection has at most \(HubLimits.subscriptions) subscriptions.",
        pt: "Uma conexão tem no máximo \(HubLimits.subscriptions) assinaturas.")
    case .unavailable:
      Bilingual(
        "This cannot be read now. Subscribe again in a while.",
        pt: "Isto não pode ser lido agora. Assine de novo daqui a pouco.")
    }
  }
}

/// Why the hub ends a connection.
enum HubEnd: String, Sendable {
  case signedOut = "signed_out"
  case signInFirst = "sign_in_first"
  /// It asks and does not read the answers.
  case tooManyMessages = "too_many_messages"
  case stopping

  /// Of the WebSocket's close.
  var code: UInt16 {
    switch self {
    case .signedOut, .signInFirst: 4_401
    case .tooManyMessages: 1_008
    case .stopping: 1_001
    }
  }
}
