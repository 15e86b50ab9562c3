"""What the containers of Cloud Exchange write when they start."""

START_LINES = {
    "init-container": ["Writing /docker-entrypoint-initdb.d/init.sh", "Done."],
    "core-init-container": ["Copying plug-ins to /data", "Copying repositories to /repos", "Done."],
    "mongodb-primary": [
        '{"s":"I","c":"CONTROL","id":20698,"ctx":"main","msg":"***** SERVER RESTARTED *****"}',
        '{"s":"I","c":"STORAGE","id":22315,"ctx":"initandlisten","msg":"Opening WiredTiger"}',
        '{"s":"I","c":"NETWORK","id":23016,"ctx":"listener","msg":"Waiting for connections","attr":{"port":27017}}',
    ],
    "core": [
        "INFO Connecting to MongoDB at localhost:27017",
        "INFO Connecting to RabbitMQ at localhost:5672",
        "INFO Running database migrations",
        "INFO Uvicorn running on http://0.0.0.0:8000",
    ],
    "ui": ["nginx: configuration file /etc/nginx/nginx.conf test is successful", "nginx: listening on 3000"],
    "rabbitmq-stats": [
        "Starting RabbitMQ 3.12.6 on Erlang 25.3.2.6",
        "started TCP listener on [::]:5672",
        "Server startup complete; 4 plugins started.",
    ],
}
