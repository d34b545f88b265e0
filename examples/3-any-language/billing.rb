require 'json'
require 'net/http'
require 'socket'

def handle(path, headers, body)
  return 500 if headers['message-attempt'] == '1' # As if the database were away. littoral posts the message again.

  if path == '/events/billing.detailsWereChanged'
    warn "#{headers['message-header-executor-id']} changed the details of person #{body['personId']}"
    return 204
  end
  warn "person #{body['personId']} now has the billing details #{body['billingDetails']}"
  # Message-Parent-Id: the event inherits the headers of the command.
  inherit = { 'Content-Type' => 'application/json', 'Message-Parent-Id' => headers['message-id'] }
  event = { personId: body['personId'] }.to_json
  published = Net::HTTP.post(URI('http://127.0.0.1:3000/events/billing.detailsWereChanged'), event, inherit)
  published.code == '202' ? 204 : 500
end

Socket.tcp_server_loop('127.0.0.1', 8080) do |client|
  request = client.gets or next # A connection without a request: littoral looks whether the port is open.
  fields = client.each_line("\r\n", chomp: true).take_while { |line| line != '' }
  headers = fields.to_h { |field| field.split(': ', 2) }.transform_keys(&:downcase)
  status = handle(request.split[1], headers, JSON.parse(client.read(headers['content-length'].to_i)))
  client.write("HTTP/1.1 #{status} \r\nConnection: close\r\n\r\n")
ensure
  client.close
end
