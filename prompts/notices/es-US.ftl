# Lo que un miembro recibe por escrito después de autorizar un pago: por mensaje de texto, correo electrónico o carta.

subject = Su autorización de pago, número de confirmación { $confirmation_number }
heading = Usted autorizó un pago
organization = Massachusetts Health Connector
greeting = Estimado/a { $receiver_name }:

opening = Esta es la confirmación de su autorización del { $authorized_at }, dada por teléfono. Usted autorizó al Massachusetts Health Connector a hacer un solo débito electrónico (ACH) de su cuenta bancaria. Es por una sola vez.

label-confirmation-number = Número de confirmación
label-amount = Monto
label-pays = Qué paga
label-account = Cuenta bancaria
label-debit-date = Fecha del débito
label-authorized-by = Autorizado por
label-authorized-at = Autorizado el

value-pays = { $plan ->
    [dental] su prima dental
   *[health] su prima de salud
}
value-account = { $account_type ->
    [savings] cuenta de ahorros que termina en { $account_last4 }
   *[checking] cuenta de cheques que termina en { $account_last4 }
}
value-debit-date = { $debit_date } o después
value-authorized-by = { $receiver_name }, cuyo número de miembro termina en { $member_last4 }

# Solo cuando las fechas son posteriores a las que oyó quien llamó, o a las de un aviso anterior.
moved = El débito será después de lo que se le dijo. Ahora valen las fechas de este aviso.
cancel = Para cancelar este pago, llame al { $support_phone } antes de las { $cutoff_time } del { $cutoff_date }. Le atienden { $support_hours }.
cancel-guest = Para cancelar este pago, llame al { $support_phone } antes de las { $cutoff_time } del { $cutoff_date }. Tenga a la mano el número de confirmación y el número de este teléfono.
questions = Si algo aquí está mal, o si tiene una pregunta, llame al mismo número.
pending = Su pago fue aceptado, pero no termina hasta que su banco lo haya pagado. Si su banco lo devuelve, usted todavía debe el monto.

heading-terms = Lo que usted oyó
heading-answer = Lo que usted contestó
answer-spoken = "{ $words_heard }"
answer-relay = "{ $words_heard }", por medio de su operador de retransmisión
answer-bill-code = Usted marcó el código de autorización que está impreso en su factura.

## Lo que se avisa después: un pago se canceló, volvió del banco, se pide una vez más, o se le devuelve el dinero

label-cancellation-number = Número de cancelación

cancelled-subject = Su pago está cancelado, número de confirmación { $confirmation_number }
cancelled-heading = Su pago está cancelado
cancelled-opening = Su pago de { $amount } se canceló el { $happened_date }. No se saca nada de su cuenta de banco por este pago.

# To a guest, whom no text message with the terms reached in time.
not_debited-subject = Su pago no se hizo, número de confirmación { $confirmation_number }
not_debited-heading = Su pago no se hizo
not_debited-opening = No pudimos enviarle a tiempo los términos de su pago de { $amount }. Por eso se canceló el { $happened_date }. No se saca nada de su cuenta de banco por él.

returned-subject = Su banco devolvió su pago, número de confirmación { $confirmation_number }
returned-heading = Su banco devolvió su pago
returned-opening = El { $happened_date } supimos que su banco devolvió su pago de { $amount }. No se pagó.
returned-reason = { $reason ->
    [insufficient_funds] No había suficiente dinero en la cuenta.
    [account_closed] El banco dice que la cuenta está cerrada.
    [no_such_account] El banco no encontró esa cuenta.
    [account_not_usable] El banco no permite pagos desde esa cuenta.
    [not_authorized] El banco dice que el pago no estaba autorizado.
    [stopped] Se le pidió al banco no hacer el pago.
   *[other] El banco no pudo procesarlo.
}
returned-retried = Le pedimos este pago a su banco una vez más. Mientras tanto, no lo pague otra vez.

# Where staff ask the bank once more, after another notice said that the payment came back and is owed.
retried-subject = Le pedimos un pago a su banco una vez más, número de confirmación { $confirmation_number }
retried-heading = Le pedimos un pago a su banco una vez más
retried-opening = Su banco había devuelto su pago de { $amount }, porque no había suficiente dinero en la cuenta. El { $happened_date } se lo pedimos a su banco una vez más.
retried-date = Sale de su cuenta el { $effective_date } o después. Por favor, tenga ese monto en la cuenta para entonces.
retried-instead = Esto reemplaza lo que le escribimos cuando el pago volvió. Mientras tanto, no lo pague de otra manera. Si ya lo pagó, o si no quiere que se saque, llámenos lo antes posible.

reversed-subject = Anulamos un pago, número de confirmación { $confirmation_number }
reversed-heading = Anulamos un pago
reversed-opening = El { $happened_date } le pedimos a su banco que ponga { $amount } otra vez en su cuenta.
reversed-reason = { $reason ->
    [duplicate] El mismo pago se sacó dos veces.
    [wrong_amount] El monto que se sacó estaba mal.
    [wrong_receiver] Se sacó de la cuenta equivocada.
   *[wrong_date] Se sacó en el día equivocado.
}

refunded-subject = Le devolvemos dinero, número de confirmación { $confirmation_number }
refunded-heading = Le devolvemos dinero
refunded-opening = El { $happened_date } le pedimos a su banco que ponga { $amount } otra vez en su cuenta.

credit-date = Debería estar en su cuenta el { $effective_date } o poco después.
owed-again = Este monto se debe otra vez. Ahora usted debe { $owed } en su factura { $plan ->
    [dental] dental
   *[health] de salud
}.
due-past = Está vencido. Pague lo antes posible.
due-past-part = Una parte está vencida. Pague lo antes posible.
due-later = Vence el { $due_date }. Un pago por teléfono llega a tiempo antes de las { $cutoff_time } del { $cutoff_date }.
due-soon = Vence el { $due_date }. Un pago por teléfono hecho ahora puede llegar después.
pay-from-another-account = Pague desde otra cuenta de banco.
how-to-pay = Puede pagar por teléfono a cualquier hora, por internet, por correo o en persona.
call-us = Si algo aquí está mal, o si tiene una pregunta, llame al { $support_phone }. Le atienden { $support_hours }.

page = Página { $page } de { $pages }
