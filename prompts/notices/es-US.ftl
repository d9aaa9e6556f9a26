# Lo que un miembro recibe por escrito después de autorizar un pago: por mensaje de texto, correo electrónico o carta.

subject = Su autorización de pago, número de confirmación { $confirmation_number }
heading = Usted autorizó un pago
organization = Massachusetts Health Connector
greeting = Estimado/a { $receiver_name }:

opening = Esta es la confirmación de su autorización del { $authorized_date }, dada por teléfono. Usted autorizó al Massachusetts Health Connector a hacer un solo débito electrónico (ACH) de su cuenta bancaria. Es por una sola vez.

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
   *[checking] cuenta corriente que termina en { $account_last4 }
}
value-debit-date = { $debit_date } o después
value-authorized-by = { $receiver_name }, cuyo número de miembro termina en { $member_last4 }

# Solo cuando las fechas son posteriores a las que oyó quien llamó, o a las de un aviso anterior.
moved = El débito no salió el día que se le dijo. Ahora valen las fechas de este aviso.
cancel = Para cancelar este pago, llame al { $support_phone } antes de las { $cutoff_time } del { $cutoff_date }. Le atienden { $support_hours }.
questions = Si algo aquí está mal, o si tiene una pregunta, llame al mismo número.
pending = Su pago fue aceptado, pero no termina hasta que su banco lo haya pagado. Si su banco lo devuelve, usted todavía debe el monto.

heading-terms = Lo que usted oyó
heading-answer = Lo que usted contestó
answer-spoken = "{ $words_heard }"
answer-relay = "{ $words_heard }", por medio de su operador de retransmisión
answer-bill-code = Usted marcó el código de autorización que está impreso en su factura.

page = Página { $page } de { $pages }
