<?php

http_response_code(500); // An uncaught error may leave 200, which acknowledges the message.
$body = json_decode(file_get_contents('php://input'), flags: JSON_THROW_ON_ERROR);
$headers = array_change_key_case(getallheaders());

if ($headers['message-attempt'] === '1') {
    return; // As if the database were away. littoral posts the message again.
} elseif ($_SERVER['REQUEST_URI'] === '/events/billing.detailsWereChanged') {
    error_log("{$headers['message-header-executor-id']} changed the details of person {$body->personId}");
} else {
    error_log("person {$body->personId} now has the billing details {$body->billingDetails}");
    publish('billing.detailsWereChanged', ['personId' => $body->personId], $headers['message-id']);
}
http_response_code(204);

function publish(string $routingKey, array $event, string $parentId): void
{
    // Message-Parent-Id: the event inherits the headers of the command.
    $headers = ['Content-Type: application/json', "Message-Parent-Id: $parentId"];
    $request = ['http' => ['method' => 'POST', 'header' => $headers, 'content' => json_encode($event)]];
    $url = "http://127.0.0.1:3000/events/$routingKey";
    if (file_get_contents($url, context: stream_context_create($request)) === false) {
        throw new RuntimeException('the event was not published');
    }
}
