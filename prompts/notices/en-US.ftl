# What a member gets in writing after authorizing a payment: by text message, e-mail or letter. Written values
# (money, dates) come ready. The words heard on the phone are put in as they were spoken.

subject = Your payment authorization, confirmation number { $confirmation_number }
heading = You authorized a payment
organization = Massachusetts Health Connector
greeting = Dear { $receiver_name },

opening = This confirms your authorization of { $authorized_at }, given by telephone. You authorized the Massachusetts Health Connector to make one electronic debit (ACH) from your bank account. It is for one time only.

label-confirmation-number = Confirmation number
label-amount = Amount
label-pays = What it pays
label-account = Bank account
label-debit-date = Date of the debit
label-authorized-by = Authorized by
label-authorized-at = Authorized on

value-pays = { $plan ->
    [dental] your dental premium
   *[health] your health premium
}
value-account = { $account_type ->
    [savings] savings account ending in { $account_last4 }
   *[checking] checking account ending in { $account_last4 }
}
value-debit-date = { $debit_date } or after
value-authorized-by = { $receiver_name }, the member whose ID ends in { $member_last4 }

# Only where the dates are later than the caller heard, or an earlier notice said.
moved = The debit is later than you were told. The dates in this notice are the ones that hold now.
cancel = To cancel this payment, call { $support_phone } before { $cutoff_time } on { $cutoff_date }. Someone answers { $support_hours }.
cancel-guest = To cancel this payment, call { $support_phone } before { $cutoff_time } on { $cutoff_date }. Have the confirmation number and the number of this phone ready.
questions = If something here is wrong, or you have a question, call the same number.
pending = Your payment is accepted, but it is not finished until your bank has paid it. If your bank sends it back, you still owe the amount.

heading-terms = What you heard
heading-answer = What you answered
answer-spoken = "{ $words_heard }"
answer-relay = "{ $words_heard }", through your relay operator
answer-bill-code = You keyed the authorization code that is printed on your bill.

## What is told later: a payment was cancelled, came back, is asked for once more, or is given back

label-cancellation-number = Cancellation number

cancelled-subject = Your payment is cancelled, confirmation number { $confirmation_number }
cancelled-heading = Your payment is cancelled
cancelled-opening = Your payment of { $amount } was cancelled on { $happened_date }. Nothing is taken from your bank account for it.

# To a guest, whom no text message with the terms reached in time.
not_debited-subject = Your payment was not made, confirmation number { $confirmation_number }
not_debited-heading = Your payment was not made
not_debited-opening = We could not send you the terms of your payment of { $amount } in time. So it was cancelled on { $happened_date }. Nothing is taken from your bank account for it.

returned-subject = Your bank sent your payment back, confirmation number { $confirmation_number }
returned-heading = Your bank sent your payment back
returned-opening = On { $happened_date } we learned that your bank sent back your payment of { $amount }. It was not paid.
returned-reason = { $reason ->
    [insufficient_funds] There was not enough money in the account.
    [account_closed] The bank says that the account is closed.
    [no_such_account] The bank could not find that account.
    [account_not_usable] The bank does not allow payments from that account.
    [not_authorized] The bank says that the payment was not authorized.
    [stopped] The bank was asked to stop the payment.
   *[other] The bank could not process it.
}
returned-retried = We are asking your bank for this payment once more. Please do not pay it a second time meanwhile.

# Where staff ask the bank once more, after another notice said that the payment came back and is owed.
retried-subject = We are asking your bank for a payment once more, confirmation number { $confirmation_number }
retried-heading = We are asking your bank for a payment once more
retried-opening = Your bank had sent back your payment of { $amount }, because there was not enough money in the account. On { $happened_date } we asked your bank for it once more.
retried-date = It leaves your account on { $effective_date } or after. Please have that much in the account by then.
retried-instead = This replaces what we wrote when it came back. Please do not pay it another way meanwhile. If you have paid it already, or do not want this, call us as soon as you can.

reversed-subject = We are undoing a payment, confirmation number { $confirmation_number }
reversed-heading = We are undoing a payment
reversed-opening = On { $happened_date } we asked your bank to put { $amount } back into your account.
reversed-reason = { $reason ->
    [duplicate] The same payment was taken twice.
    [wrong_amount] The amount that was taken was wrong.
    [wrong_receiver] It was taken from the wrong account.
   *[wrong_date] It was taken on the wrong day.
}

refunded-subject = We are giving money back, confirmation number { $confirmation_number }
refunded-heading = We are giving money back
refunded-opening = On { $happened_date } we asked your bank to put { $amount } back into your account.

credit-date = It should be in your account on { $effective_date } or soon after.
owed-again = This amount is owed again. You now owe { $owed } on your { $plan ->
    [dental] dental
   *[health] health
} bill.
due-past = It is past due. Please pay as soon as you can.
due-past-part = Part of it is past due. Please pay as soon as you can.
due-later = It is due on { $due_date }. A payment by telephone is in time before { $cutoff_time } on { $cutoff_date }.
due-soon = It is due on { $due_date }. A payment by telephone made now may arrive later than that.
pay-from-another-account = Please pay from another bank account.
how-to-pay = You can pay by telephone at any hour, online, by mail or in person.
call-us = If something here is wrong, or you have a question, call { $support_phone }. Someone answers { $support_hours }.

page = Page { $page } of { $pages }
