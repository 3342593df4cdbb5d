import COpenSSL

/// The request that asks for a WebSocket, and the answer, after RFC 6455.
struct WebSocketHandshake: Hashable, Sendable {
  let accept: String
  let subprotocol: String?

  enum Reading: Hashable, Sendable {
    case agreed(WebSocketHandshake)
    case refused(status: Int, reason: String)
  }

  private static let version = "13"

  static func read(_ request: HTTPRequest, subprotocols: [String]) -> Reading {
    let headers = request.headers
    guard headers.tokens("upgrade").contains("websocket"), headers.tokens("connection").contains("upgrade")
    else { return .refused(status: 426, reason: "only a WebSocket is served here") }
    guard request.method == "GET", request.body.isEmpty else {
      return .refused(status: 400, reason: "a WebSocket is asked for by GET without a body")
    }
    guard headers.all("sec-websocket-version") == [version] else {
      return .refused(status: 426, reason: "only version 13 of the WebSocket protocol is known here")
    }
    let keys = headers.all("sec-websocket-key")
    guard keys.count == 1, isKey(keys[0]) else {
      return .refused(status: 400, reason: "Sec-WebSocket-Key is not 16 bytes in base64")
    }
    let wanted = headers.all("sec-websocket-protocol").flatMap { $0.split(separator: ",") }
      .map { HTTPText.trimmed($0) }
    let chosen = wanted.first { word in subprotocols.contains { $0.utf8.elementsEqual(word.utf8) } }
    return .agreed(WebSocketHandshake(accept: accept(keys[0]), subprotocol: chosen))
  }

  /// Of a refusal.
  static func answer(status: Int, reason: String) -> HTTPResponse {
    var response = HTTPResponse(status: status, type: "text/plain", Array((reason + "\n").utf8))
    if status == 426 {
      response.headers.add("upgrade", "websocket")
      response.headers.add("sec-websocket-version", version)
    }
    return response
  }

  /// 16 bytes make 22 characters and two signs of padding.
  private static func isKey(_ key: String) -> Bool {
    let bytes = Array(key.utf8)
    return bytes.count == 24 && bytes.suffix(2).allSatisfy { $0 == UInt8(ascii: "=") }
      && bytes.prefix(22).allSatisfy { byte in
        switch byte {
        case 48...57, 65...90, 97...122, UInt8(ascii: "+"), UInt8(ascii: "/"): true
        default: false
        }
      }
  }

  private static func accept(_ key: String) -> String {
    let text = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    let isDone = EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil) == 1
    precondition(isDone, "OpenSSL must have SHA-1, which the standard asks for and no secret rests on.")
    var encoded = [UInt8](repeating: 0, count: 29)
    let count = EVP_EncodeBlock(&encoded, digest, 20)
    return String(decoding: encoded.prefix(Int(count)), as: UTF8.self)
  }
}
