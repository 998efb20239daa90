#!/bin/sh
# As in Lambda's base images: the only argument is the handler. Outside Lambda the emulator provides the runtime API,
# on port 8080.
if [ $# -ne 1 ]; then
    echo "the only argument is the handler, such as app.handler" >&2
    exit 142
fi
export _HANDLER="$1"
if [ -n "$AWS_LAMBDA_RUNTIME_API" ]; then
    exec /var/runtime/bootstrap
fi
exec /usr/local/bin/aws-lambda-rie /var/runtime/bootstrap
