import com.sun.net.httpserver.*;
import java.io.IOException;
import java.net.*;
import java.net.http.*;

class Billing {
  static int handle(HttpExchange exchange) throws IOException {
    var headers = exchange.getRequestHeaders();
    var body = new String(exchange.getRequestBody().readAllBytes());
    var person = body.replaceAll(".*\"personId\":\"([^\"]*)\".*", "$1"); // The JDK cannot read JSON.
    if (headers.getFirst("Message-Attempt").equals("1")) return 500; // As if the database were away.
    if (exchange.getRequestURI().getPath().equals("/events/billing.detailsWereChanged")) {
      System.out.println(headers.getFirst("Message-Header-Executor-Id") + " changed the details of person " + person);
      return 204;
    }
    System.out.println("person " + person + " has new billing details");
    var publish = HttpRequest.newBuilder(URI.create("http://127.0.0.1:3000/events/billing.detailsWereChanged"))
        .headers("Content-Type", "application/json", "Message-Parent-Id", headers.getFirst("Message-Id")) // inherits
        .POST(HttpRequest.BodyPublishers.ofString("{\"personId\":\"" + person + "\"}")).build();
    var answer = HttpClient.newHttpClient().sendAsync(publish, HttpResponse.BodyHandlers.discarding()).join();
    return answer.statusCode() == 202 ? 204 : 500;
  }

  public static void main(String[] args) throws IOException {
    var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 0);
    server.createContext("/", exchange -> exchange.sendResponseHeaders(handle(exchange), -1));
    server.start();
  }
}
